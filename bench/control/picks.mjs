/** What one pick costs: a director's answer to one request, down to the backend. */
import { randomBytes } from 'node:crypto';
import { fromDist } from '../support/dist.mjs';
import { median } from '../support/statistics.mjs';
import { configOf, manyBackends, manyDirectors, shardPolicy } from './configs.mjs';

const { SaintList } = await fromDist('compact/saint-list');
const { Lease } = await fromDist('proxy/directors/lease');
const { createTargetGraph } = await fromDist('proxy/directors/target-graph');

/** As many different requests as one after the other ask. */
const KEYS = 1024;
/** As many requests are in flight: each pick ends the oldest of them, so what a director by load costs is all there. */
const IN_FLIGHT = 256;

const policies = {
  round_robin: { kind: 'round_robin' },
  fallback: { kind: 'fallback', sticky: false },
  'fallback, sticky': { kind: 'fallback', sticky: true },
  random: { kind: 'random' },
  hash: { kind: 'hash' },
  least_connections: { kind: 'least_connections' },
  peak_ewma: { kind: 'peak_ewma', halfLifeMs: 5_000 },
  shard: shardPolicy(),
  'shard, alternative': shardPolicy({ choice: { alt: 1, healthy: 'all' } }),
  'shard, warm-up': shardPolicy({ warmup: 0.5 }),
};

/** Which members are sick for everybody, and which are denied to this very request. */
const conditions = {
  healthy: { isSick: () => false, isDenied: () => false },
  'half sick': { isSick: (at) => at % 2 === 0, isDenied: () => false },
  'one denied': { isSick: () => false, isDenied: (at) => at === 0 },
  'others denied': { isSick: () => false, isDenied: () => false, deniesOthers: true },
  'half denied': { isSick: () => false, isDenied: (at) => at % 2 === 0 },
};

/**
 * @param {{ sizes: readonly number[], batchMs: number, batches: number }} effort
 * @returns {{ policy: string, members: number, condition: string, ns: number, bytes: number }[]} medians, of
 *   one pick: nanoseconds, and bytes that it allocates
 */
export function measurePicks({ sizes, batchMs, batches }) {
  const cases = sizes.flatMap((members) =>
    Object.keys(policies).flatMap((policy) =>
      Object.keys(conditions).map((condition) => ({ policy, members, condition })),
    ),
  );
  const runs = cases.map((one) => ({ ...one, pick: createPick(one) }));
  // All once first: code that has seen only one kind of director would run faster than it does in a proxy.
  for (const { pick } of runs) timeBatch(pick, batchMs);
  return runs.map(({ pick, ...one }) => {
    const timed = Array.from({ length: batches }, () => timeBatch(pick, batchMs));
    const of = (figure) => median(timed.map((batch) => batch[figure]));
    return { ...one, ns: of('ns'), bytes: of('bytes') };
  });
}

function createPick({ policy, members, condition }) {
  const { isSick, isDenied, deniesOthers = false } = conditions[condition];
  const backends = manyBackends(members, undefined);
  const saintmodes = backends.map(({ name }) => ({ name: `sm_${name}`, backend: name, threshold: 10 }));
  const targets = saintmodes.map(({ name }) => name);
  const directors = manyDirectors(1, policies[policy], targets);
  const config = configOf({ backends, directors, saintmodes });
  const graph = createTargetGraph({ ...config, saints: new SaintList(), now: () => performance.now() });
  backends.forEach(({ identity }, at) => {
    const override = isSick(at) ? 'sick' : 'auto';
    graph.setHealth(identity, { polled: 'unprobed', passing: false, override });
  });

  const denied = new Set(backends.filter((_, at) => isDenied(at)).map(({ identity }) => identity));
  if (deniesOthers) denied.add('elsewhere(192.0.2.1:80,)');
  const keys = Array.from({ length: KEYS }, () => new Uint8Array(randomBytes(32)));
  const director = graph.get('d0');
  const running = Array.from({ length: IN_FLIGHT }, () => new Lease());
  let asked = 0;
  const request = {
    denied: denied.size > 0 ? denied : undefined,
    key: () => keys[asked & (KEYS - 1)],
    random: Math.random,
    hold(load) {
      const at = asked % IN_FLIGHT;
      running[at].answered(10);
      running[at].release();
      running[at] = new Lease();
      running[at].hold(load);
    },
  };
  return () => {
    asked++;
    return director.resolve(request);
  };
}

/** Picks for about so long; the count grows until it takes that long. */
function timeBatch(pick, batchMs) {
  for (let count = 64; ; count *= 2) {
    const heap = process.memoryUsage().heapUsed;
    const start = performance.now();
    for (let i = 0; i < count; i++) {
      if (pick() === undefined) throw new Error('a director with a healthy member picked none');
    }
    const ms = performance.now() - start;
    // A collection in between makes it negative; the median of several batches does not care.
    const bytes = (process.memoryUsage().heapUsed - heap) / count;
    if (ms >= batchMs) return { ns: (ms * 1e6) / count, bytes };
  }
}
