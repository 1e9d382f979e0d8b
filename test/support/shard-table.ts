/**
 * Shard directors and what they pick for ten thousand keys: random rings, weights, idents, healths, alternatives
 * and warm-up, and members that come and go in batches. Plain data, so that varnishd and Troupe can both play it.
 */
import { Buffer } from 'node:buffer';
import { SaintList } from '../../src/compact/saint-list.ts';
import type { ShardChoice, ShardHealth } from '../../src/config/shard-declaration.ts';
import type { ShardMemberChange } from '../../src/config/shard-scope.ts';
import { createTargetGraph, type TargetGraph } from '../../src/proxy/directors/target-graph.ts';
import { shardKey } from '../../src/shard-key.ts';
import { integer, oneOf } from './draw.ts';
import { keyPrefixes, keySuffixes } from './hash-table.ts';
import { resolvedBackend } from './resolved-backend.ts';
import { varnishRandom } from './varnish-random.ts';

interface ShardTableMember {
  readonly target: string;
  readonly ident?: string;
  readonly weight: number;
}

/** Picks for the 100 keys of a prefix. */
interface ShardRow {
  readonly alt: number;
  readonly healthy: ShardHealth;
}

export interface ShardTable {
  readonly name: string;
  readonly backends: readonly { readonly name: string; readonly healthy: boolean }[];
  readonly members: readonly ShardTableMember[];
  readonly replicas: number;
  readonly warmup: number;
  /** Of the numbers that warm-up draws. */
  readonly seed: number;
  /** One a prefix. */
  readonly rows: readonly ShardRow[];
  /** Changes before a row, made together. */
  readonly changes: readonly { readonly row: number; readonly batch: readonly ShardMemberChange[] }[];
}

/** Tables from one member to many, each with another mixture of what there is. */
export function randomShardTables(random: () => number, prefix: string, count: number): ShardTable[] {
  return Array.from({ length: count }, (_, i) => {
    const name = `${prefix}d${i}`;
    const size = oneOf(random, [1, 2, integer(random, 2, 10), integer(random, 11, 60)]);
    const share = oneOf(random, [0.1, 0.5, 0.9, 1]);
    const backends = Array.from({ length: size }, (_, j) => ({
      name: `${name}b${j}`,
      healthy: random() < share,
    }));
    const members = backends.map(({ name: target }) => ({ target, weight: randomWeight(random) }));
    const again = backends
      .filter(() => random() < 0.2)
      .map(({ name: target }) => ({ target, ident: `${target}/again`, weight: randomWeight(random) }));
    const rows = keyPrefixes.map(() => ({
      alt: oneOf(random, [0, 0, 1, 2, integer(random, 0, size + 1)]),
      healthy: oneOf<ShardHealth>(random, ['chosen', 'chosen', 'all', 'ignore']),
    }));
    const changes = Array.from({ length: i % 2 === 0 ? 0 : 12 }, (_, j) => ({
      row: 8 * (j + 1),
      batch: randomBatch(
        random,
        backends.map((backend) => backend.name),
        j,
      ),
    }));
    return {
      name,
      backends,
      members: [...members, ...again],
      replicas: oneOf(random, [1, 67, 67, integer(random, 2, 200)]),
      warmup: i % 3 === 0 ? integer(random, 1, 999) / 1_000 : 0,
      seed: integer(random, 1, 0x7fff_ffff),
      rows,
      changes,
    };
  });
}

/** Weights as VCL can spell them: three decimals. */
function randomWeight(random: () => number): number {
  return oneOf(random, [1, 1, 2, integer(random, 1_000, 5_000) / 1_000]);
}

function randomBatch(random: () => number, targets: readonly string[], number: number): ShardMemberChange[] {
  return Array.from({ length: integer(random, 1, 4) }, (): ShardMemberChange => {
    const target = targets[integer(random, 0, targets.length - 1)] as string;
    const ident = oneOf(random, [target, `${target}/again`, `${target}/${number}`]);
    return oneOf<ShardMemberChange>(random, [
      { type: 'add', target, weight: randomWeight(random) },
      { type: 'add', target, ident, weight: randomWeight(random) },
      { type: 'add', target, ident, weight: randomWeight(random) },
      { type: 'remove', target },
      { type: 'remove', ident },
      random() < 0.2 ? { type: 'clear' } : { type: 'add', target },
    ]);
  });
}

/** The graph of one table, with the health that its backends begin with. */
function shardGraph(table: ShardTable): TargetGraph {
  const graph = createTargetGraph({
    backends: table.backends.map(({ name }) => resolvedBackend(name)),
    directors: [
      {
        name: table.name,
        policy: {
          kind: 'shard',
          replicas: table.replicas,
          warmup: table.warmup,
          rampupMs: 0,
          choice: {},
        },
        members: table.members,
      },
    ],
    saintmodes: [],
    saints: new SaintList(),
    now: () => 0,
  });
  for (const { name, healthy } of table.backends) {
    const override = healthy ? 'healthy' : 'sick';
    graph.setHealth(resolvedBackend(name).identity, { polled: 'unprobed', passing: false, override });
  }
  return graph;
}

/** What Troupe picks, key by key: positions in the table's backends, 255 for none. */
export function shardOnTroupe(table: ShardTable): Buffer {
  const graph = shardGraph(table);
  const positions = new Map(table.backends.map(({ name }, position) => [name, position]));
  const draw = varnishRandom(table.seed);
  // Unlike its random director, varnishd's shard director draws two numbers for one.
  const random = () => draw() + draw() / 2 ** 31;
  const shard = graph.shard(table.name);
  let choice: ShardChoice = {};
  const request = {
    denied: undefined,
    key: () => new Uint8Array(32),
    random,
    shardChoice: () => choice,
  };
  const picks: number[] = [];
  for (const [row, { alt, healthy }] of table.rows.entries()) {
    for (const { batch } of table.changes.filter((change) => change.row === row)) {
      const report = shard?.reconfigure(batch, table.replicas);
      if (typeof report === 'string') throw new Error(report);
    }
    for (const suffix of keySuffixes) {
      choice = { by: 'key', key: shardKey(keyPrefixes[row] ?? '', suffix), alt, healthy };
      const picked = shard?.pick(request)?.name;
      picks.push(picked === undefined ? 255 : (positions.get(picked) ?? 254));
    }
  }
  return Buffer.from(picks);
}
