/** The members of a hash director, and what it picks for ten thousand keys. */
import { Buffer } from 'node:buffer';
import { SaintList } from '../../src/compact/saint-list.ts';
import { distributionKey } from '../../src/proxy/directors/hash.ts';
import { createTargetGraph } from '../../src/proxy/directors/target-graph.ts';
import { integer, oneOf } from './draw.ts';
import { resolvedBackend } from './resolved-backend.ts';

export interface HashTable {
  readonly name: string;
  readonly members: readonly {
    readonly backend: string;
    readonly weight: number;
    readonly healthy: boolean;
  }[];
}

/** A key is two strings, of which the first can be missing, long, or beyond ASCII. */
export const keyPrefixes: readonly string[] = Array.from({ length: 100 }, (_, i) => {
  if (i === 0) return '';
  if (i % 10 === 1) return `/caf\u00e9/${i}?q=`;
  if (i % 10 === 2) return `/${'long/'.repeat(i)}`;
  return `/item/${i}-`;
});
export const keySuffixes: readonly string[] = Array.from({ length: 100 }, (_, i) => String(i));

const weights: Record<string, (random: () => number) => number> = {
  equal: () => 1,
  whole: (random) => integer(random, 0, 20),
  fractions: (random) => integer(random, 0, 3_000) / 1_000,
  uneven: (random) => oneOf(random, [0, 0.001, 1, 1_000_000]),
  zero: () => 0,
};

/** Tables with each kind of weights, some members sick, from one member to many. */
export function randomHashTables(random: () => number, prefix: string): HashTable[] {
  const kinds = Object.entries(weights).flatMap((kind) => [kind, kind]);
  return kinds.map(([, weightOf], i) => {
    const name = `${prefix}h${i}`;
    const length = oneOf(random, [1, integer(random, 2, 10), integer(random, 11, 100)]);
    const members = Array.from({ length }, (_, j) => ({
      backend: `${name}b${j}`,
      weight: weightOf(random),
      healthy: random() < 0.8,
    }));
    return { name, members };
  });
}

/** Which member Troupe picks for each key: positions in the list, 255 for none. */
export function hashOnTroupe({ name, members }: HashTable): Buffer {
  const graph = createTargetGraph({
    backends: members.map(({ backend }) => resolvedBackend(backend)),
    directors: [
      {
        name,
        policy: { kind: 'hash' },
        members: members.map(({ backend, weight }) => ({ target: backend, weight })),
      },
    ],
    saintmodes: [],
    saints: new SaintList(),
    now: () => 0,
  });
  for (const { backend, healthy } of members) {
    const override = healthy ? 'healthy' : 'sick';
    graph.setHealth(resolvedBackend(backend).identity, { polled: 'unprobed', passing: false, override });
  }
  const positions = new Map(members.map(({ backend }, position) => [backend, position]));
  const picks: number[] = [];
  for (const prefix of keyPrefixes) {
    for (const suffix of keySuffixes) {
      const key = () => distributionKey([prefix, suffix]);
      const picked = graph.get(name)?.resolve({ denied: undefined, key, random: () => 0 });
      picks.push(picked === undefined ? 255 : (positions.get(picked.name) ?? 254));
    }
  }
  return Buffer.from(picks);
}
