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
  return {
    name: 'topology',
    title: 'topology',
    description: 'Which kind of actor hears what from whom: the routing table of the bus.',
    boxes: order.filter((party) => parties.has(party)).map(boxOf),
    arrows: arrowsOf(table),
  };
}

const isActor = (party: Party): party is ActorKind => party in actors;

function boxOf(party: Party): Box {
  const text = isActor(party) ? (ownMachines[actors[party]]?.root.description ?? '') : services[party];
  return {
    id: party,
    shape: isActor(party) ? 'actor' : 'service',
    words: [
      { text: isActor(party) ? actors[party] : party, style: 'name' },
      { text, style: 'text' },
    ],
    boxes: [],
    says: `${isActor(party) ? 'actor' : 'service'} ${party}: ${text}`,
  };
}

/** One arrow for each pair; dashed where all of it answers questions. */
function arrowsOf(table: readonly Route[]): Arrow[] {
  const pairs = new Map<string, Route[]>();
  for (const route of table) {
    const key = `${route.from} ${route.to}`;
    pairs.set(key, [...(pairs.get(key) ?? []), route]);
  }
  return [...pairs.values()].flatMap((pair) => {
    const [first] = pair;
    if (first === undefined) return [];
    const { from, to } = first;
    return {
      from,
      to,
      words: words(pair),
      line: pair.every(({ reply }) => reply === true) ? ('dashed' as const) : ('solid' as const),
      says: `${from} to ${to}: ${pair.map(({ event }) => event).join(', ')}`,
    };
  });
}

function words(pair: readonly Route[]): Phrase[] {
  const creating = pair.filter(({ creates }) => creates !== undefined);
  const others = pair.filter(({ creates }) => creates === undefined);
  const list = (some: readonly Route[]): Phrase[] =>
    some.length === 0 ? [] : [{ text: some.map(({ event }) => event).join(', '), style: 'event' }];
  const created: Phrase[] = creating.length === 0 ? [] : [{ text: 'creates it', style: 'guard' }];
  return [...list(creating), ...created, ...list(others)];
}
