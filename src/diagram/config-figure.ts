/**
 * A user's config as a figure: where requests go, through which directors and saintmode objects, to which backends;
 * with weights and probes, the hooks that there are, and the peers that are told.
 */
import type { Config } from '../config/config.ts';
import {
  type BackendDeclaration,
  type DirectorDeclaration,
  type Endpoint,
  type PeerDeclaration,
  type ProbeDeclaration,
  type SaintmodeDeclaration,
  sharesByWeight,
} from '../config/declaration.ts';
import { hookNames } from '../config/hook-names.ts';
import type { Arrow, Box, Figure, Phrase, Shape } from './figure.ts';
import { saidDuration } from './words.ts';

/** @param name what the figure is to be called: the file's, without its ending */
export function configFigure(config: Config, name: string): Figure {
  const { backends, directors, saintmodes, peers = [], defaultTarget } = config;
  const known = new Set([...backends, ...directors, ...saintmodes].map((one) => one.name));
  const toDefault = defaultTarget === undefined || !known.has(defaultTarget) ? [] : [defaultTarget];
  return {
    name,
    title: name,
    description: `Where requests go under the config ${name}.`,
    boxes: [
      requestsBox(config),
      ...directors.map(directorBox),
      ...saintmodes.map(saintmodeBox),
      ...backends.map(backendBox),
      ...peers.map(peerBox),
    ],
    arrows: [
      ...toDefault.map((to) => arrow(REQUESTS, targetId(to), [{ text: 'default', style: 'guard' }])),
      ...directors.flatMap((director) => memberArrows(director, known)),
      ...saintmodes
        .filter(({ backend }) => known.has(backend))
        .map((one) => arrow(targetId(one.name), targetId(one.backend), [])),
      ...peers.map((one) =>
        arrow(REQUESTS, peerId(one.name), [{ text: 'copies', style: 'guard' }], 'dashed'),
      ),
    ],
  };
}

const REQUESTS = 'requests';
const targetId = (name: string): string => `target:${name}`;
const peerId = (name: string): string => `peer:${name}`;

function box(id: string, shape: Shape, name: string, lines: readonly (string | undefined)[]): Box {
  const said = lines.filter((line) => line !== undefined);
  return {
    id,
    shape,
    words: [{ text: name, style: 'name' }, ...said.map((text): Phrase => ({ text, style: 'text' }))],
    boxes: [],
    says: [`${shape === 'service' ? '' : `${shape} `}${name}`, ...said].join(', '),
  };
}

function requestsBox({ hooks }: Config): Box {
  const there = hookNames.filter((name) => hooks[name] !== undefined);
  const said = there.length === 0 ? 'no hooks' : `hooks: ${there.join(', ')}`;
  return box(REQUESTS, 'service', 'requests', [said]);
}

function directorBox(director: DirectorDeclaration): Box {
  const { name, policy, members } = director;
  const kind = policy.kind.replaceAll('_', ' ');
  const sticky = policy.kind === 'fallback' && policy.sticky ? ', sticky' : '';
  return box(targetId(name), 'director', name, [
    `${kind}${sticky}`,
    members.length === 0 ? 'no members' : undefined,
  ]);
}

function saintmodeBox({ name, threshold }: SaintmodeDeclaration): Box {
  const said = threshold === 0 ? 'ignores the list' : `sick from ${threshold} denied objects on`;
  return box(targetId(name), 'saintmode', name, ['saintmode', said]);
}

function backendBox({ name, endpoint, probe, limits }: BackendDeclaration): Box {
  const { maxConnections = 0 } = limits;
  return box(targetId(name), 'backend', name, [
    address(endpoint),
    ...(probe === undefined ? ['no probe'] : probeWords(probe)),
    maxConnections > 0 ? `at most ${maxConnections} requests at once` : undefined,
  ]);
}

function peerBox({ name, destination, minThreads, maxThreads }: PeerDeclaration): Box {
  const threads = minThreads === maxThreads ? `${minThreads}` : `${minThreads} to ${maxThreads}`;
  return box(peerId(name), 'peer', name, [
    destination === undefined ? 'wherever the Host field says' : address({ kind: 'tcp', ...destination }),
    `${threads} ${threads === '1' ? 'thread' : 'threads'}`,
  ]);
}

function address(endpoint: Endpoint): string {
  if (endpoint.kind === 'unix') return endpoint.path;
  const { host, port } = endpoint;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function probeWords(probe: ProbeDeclaration): string[] {
  const asked = probe.request?.[0] ?? probe.url;
  return [
    `probe ${asked} every ${saidDuration(probe.intervalMs)}`,
    `healthy with ${probe.threshold} of ${probe.window} good`,
  ];
}

/** A member that stands in the list twice has one arrow. Weights and order are told where they decide. */
function memberArrows({ name, policy, members }: DirectorDeclaration, known: ReadonlySet<string>): Arrow[] {
  const isWeighted = sharesByWeight(policy) || members.some(({ weight }) => weight !== 1);
  const targets = new Map<string, string[]>();
  members.forEach(({ target, weight }, index) => {
    const said = policy.kind === 'fallback' ? `${index + 1}.` : isWeighted ? `weight ${weight}` : '';
    targets.set(target, [...(targets.get(target) ?? []), said]);
  });
  return [...targets]
    .filter(([target]) => known.has(target))
    .map(([target, said]) => {
      const label = said.every((one) => one === '') ? repeated(said.length) : said.join(', ');
      const words: Phrase[] = label === '' ? [] : [{ text: label, style: 'guard' }];
      return arrow(targetId(name), targetId(target), words);
    });
}

const repeated = (times: number): string => (times > 1 ? `${times} times` : '');

function arrow(from: string, to: string, words: readonly Phrase[], line: Arrow['line'] = 'solid'): Arrow {
  const bare = (id: string) => id.replace(/^(target|peer):/, '');
  const said = words.map(({ text }) => text).join(', ');
  return { from, to, words, line, says: `${bare(from)} → ${bare(to)}${said === '' ? '' : `: ${said}`}` };
}
