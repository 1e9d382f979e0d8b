/**
 * Who hears what from whom: the bus's routing table as a figure. Actors are what there are many of; the others are
 * effects and listeners, one of each.
 */
import { type ActorKind, type Receiver, type Route, routes, type Speaker } from '../streams/routes.ts';
import type { Arrow, Box, Figure, Phrase } from './figure.ts';
import { ownMachines } from './own-machines.ts';

type Party = ActorKind | Receiver | Speaker;

/** In reading order: arrows that lead forwards in it are drawn downwards. Complete by its type. */
const services: { readonly [Name in Exclude<Party, ActorKind>]: string } = {
  operator: 'Commands, from the command line or a program.',
  loader: 'Reads a config and has the data planes load it.',
  slices: 'Hands out turns, so that no work is long.',
  planes: 'The data planes, which serve requests.',
  probes: 'Performs one probe.',
  topics: 'Keeps what was last said of each backend.',
  tallies: 'Counts healthy members for each director.',
  saints: 'The saint entries of all backends.',
  publisher: 'Sends the data planes what changed.',
  registry: 'Starts, restores and ends actors.',
};

const actors: { readonly [Kind in ActorKind]: string } = {
  supervisor: 'supervisor',
  config: 'config',
  backend: 'backend',
  poller: 'poller',
  director: 'director',
  saintmode: 'saintmode',
  peerPool: 'peer-pool',
  peerWorker: 'peer-worker',
};

const readingOrder: readonly Party[] = [
  'operator',
  'supervisor',
  'loader',
  'slices',
  'config',
  'backend',
  'poller',
  'probes',
  'saints',
  'topics',
  'saintmode',
  'director',
  'tallies',
  'publisher',
  'planes',
  'peerPool',
  'peerWorker',
  'registry',
];

export function topologyFigure(table: readonly Route[] = routes): Figure {
  const parties = new Set<Party>(table.flatMap(({ from, to }) => [from, to]));
  const order = [...readingOrder, ...parties].filter((party, index, all) => all.indexOf(party) === index);
  const folded = foldedIn(table);
  const isAside = ({ from, to }: Route) => folded.has(from) || folded.has(to);
  const asides = table.filter(isAside);
  return {
    name: 'topology',
    title: 'topology',
    description: 'Which kind of actor hears what from whom: the routing table of the bus.',
    boxes: order
      .filter((party) => parties.has(party) && !folded.has(party))
      .map((party) => boxOf(party, asides)),
    arrows: arrowsOf(
      table.filter((route) => !isAside(route)),
      order,
    ),
  };
}

/** From how many partners on it makes less of a tangle to write than to draw. */
const MANY = 3;

/** Services that only speak, or only listen, with many: they are named in their partners' boxes. */
function foldedIn(table: readonly Route[]): ReadonlySet<Party> {
  const services = [...new Set<Party>(table.flatMap(({ from, to }) => [from, to]))].filter(
    (one) => !isActor(one),
  );
  return new Set(
    services.filter((service) => {
      const hearers = new Set(table.flatMap(({ from, to }) => (from === service ? [to] : [])));
      const speakers = new Set(table.flatMap(({ from, to }) => (to === service ? [from] : [])));
      return Math.min(hearers.size, speakers.size) === 0 && Math.max(hearers.size, speakers.size) >= MANY;
    }),
  );
}

const isActor = (party: Party): party is ActorKind => party in actors;

const shownName = (party: Party): string => (isActor(party) ? actors[party] : party);

function boxOf(party: Party, asides: readonly Route[]): Box {
  const text = isActor(party) ? (ownMachines[actors[party]]?.root.description ?? '') : services[party];
  return {
    id: party,
    shape: isActor(party) ? 'actor' : 'service',
    words: [{ text: shownName(party), style: 'name' }, { text, style: 'text' }, ...asideWords(party, asides)],
    boxes: [],
    says: `${isActor(party) ? 'actor' : 'service'} ${party}: ${text}`,
  };
}

function asideWords(party: Party, asides: readonly Route[]): Phrase[] {
  const said = new Map<string, string[]>();
  for (const { from, to, event } of asides) {
    const partner = from === party ? `to the ${to}` : to === party ? `from the ${from}` : undefined;
    if (partner !== undefined) said.set(partner, [...(said.get(partner) ?? []), event]);
  }
  return [...said].flatMap(([partner, events], index): Phrase[] => [
    { text: events.join(', '), style: 'event', apart: index === 0 ? 'rule' : 'gap' },
    { text: partner, style: 'guard' },
  ]);
}

/** One arrow for each pair, with two heads where both speak. */
function arrowsOf(table: readonly Route[], order: readonly Party[]): Arrow[] {
  const pairs = new Map<string, Route[]>();
  for (const route of table) {
    const key = [route.from, route.to].toSorted().join(' ');
    pairs.set(key, [...(pairs.get(key) ?? []), route]);
  }
  return [...pairs.values()].flatMap((pair) => {
    const [first] = pair.toSorted((a, b) => order.indexOf(a.from) - order.indexOf(b.from));
    if (first === undefined) return [];
    const { from, to } = first;
    const there = pair.filter((route) => route.from === from);
    const back = pair.filter((route) => route.from !== from);
    return {
      from,
      to,
      words: back.length === 0 ? eventWords(there) : [...toWords(to, there), ...apart(toWords(from, back))],
      line: 'solid' as const,
      ...(back.length === 0 ? {} : { heads: 'both' as const }),
      says: pair.map(({ from, to, event }) => `${from} → ${to}: ${event}`).join('\n'),
    };
  });
}

function toWords(to: Party, routes: readonly Route[]): Phrase[] {
  return [{ text: `to ${shownName(to)}`, style: 'guard' }, ...eventWords(routes)];
}

function apart([first, ...rest]: readonly Phrase[]): Phrase[] {
  return first === undefined ? [] : [{ ...first, apart: 'gap' }, ...rest];
}

/** Those that create their hearer first. */
function eventWords(routes: readonly Route[]): Phrase[] {
  const creating = routes.filter(({ creates }) => creates !== undefined);
  const others = routes.filter(({ creates }) => creates === undefined);
  const list = (some: readonly Route[]): Phrase[] =>
    some.length === 0 ? [] : [{ text: some.map(({ event }) => event).join(', '), style: 'event' }];
  const created: Phrase[] = creating.length === 0 ? [] : [{ text: 'creates it', style: 'guard' }];
  return [...list(creating), ...created, ...list(others)];
}
