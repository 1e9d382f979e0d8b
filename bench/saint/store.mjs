/** What the saint list costs: denying, asking, memory, and the longest turn while very many come and go. */
import { randomBytes } from 'node:crypto';
import { Turns } from '../control/turns.mjs';
import { liveBytes } from '../support/collect-garbage.mjs';
import { fromDist } from '../support/dist.mjs';
import { median } from '../support/statistics.mjs';

const { SaintList } = await fromDist('compact/saint-list');
const { SaintSweep } = await fromDist('compact/saint-sweep');
const { SimulatedClock } = await fromDist('streams/simulated-clock');
const { identityOf } = await fromDist('identity');

const IDENTITIES = 8;
const MINUTE_MS = 60_000;
/** Objects asked for in one go: their hashes are in the processor's cache, as a request's own is; entries are not. */
const BATCH = 512;

const identities = Array.from({ length: IDENTITIES }, (_, i) =>
  identityOf(`b${i}`, { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 + i }),
);
const identityOfObject = (i) => identities[i % IDENTITIES];

/** Request hashes, each as one flat string. */
function manyObjects(count) {
  const hex = randomBytes(32 * count).toString('latin1');
  return Array.from({ length: count }, (_, i) =>
    Buffer.from(hex.slice(32 * i, 32 * i + 32), 'latin1').toString('hex'),
  );
}

/**
 * @param {number} entries
 * @returns {{ denyNs: number, hitNs: number, missNs: number, bytesEach: number }}
 */
export function measureStore(entries) {
  const objects = manyObjects(entries);
  const others = manyObjects(Math.min(entries, 100_000));
  const empty = liveBytes();
  const saints = new SaintList({ capacity: 2 * entries });
  const start = performance.now();
  for (let i = 0; i < entries; i++) saints.deny(identityOfObject(i), objects[i], MINUTE_MS + (i % 30_000));
  const denyNs = (1e6 * (performance.now() - start)) / entries;
  const bytesEach = (liveBytes() - empty) / entries;
  // Once before it counts: not compiled yet.
  for (const asked of [objects, others]) timeLookUps(saints, asked, 4);
  const hitNs = timeLookUps(saints, objects, 200);
  const missNs = timeLookUps(saints, others, 200);
  return { denyNs, hitNs, missNs, bytesEach };
}

/** Nanoseconds of one look-up: the median over batches of objects drawn from all over the list. */
function timeLookUps(saints, objects, batches) {
  const times = [];
  let found = 0;
  for (let batch = 0; batch < batches; batch++) {
    const asked = Array.from({ length: BATCH }, () => objects[Math.floor(Math.random() * objects.length)]);
    for (const object of asked) found += object.charCodeAt(3) & object.charCodeAt(20);
    const start = performance.now();
    for (let i = 0; i < BATCH; i++) if (saints.deniedFor(asked[i], 0) !== undefined) found++;
    times.push((1e6 * (performance.now() - start)) / BATCH);
  }
  if (found === 0) throw new Error('nothing was looked at');
  return median(times);
}

/**
 * The longest turn while so many are denied, one in a turn, and while all of them end in the same millisecond.
 *
 * @param {number} entries
 * @returns {{ addingMs: number, expiringMs: number, lettingGoMs: number, expiringTurns: number, pageMs: number }}
 */
export function measureTurns(entries) {
  const objects = manyObjects(entries);
  const clock = new SimulatedClock();
  const saints = new SaintList({ capacity: entries });
  const turns = new Turns();
  const sweep = new SaintSweep(saints, turns.watch(clock));
  const fill = () => {
    for (let i = 0; i < entries; i++) {
      const deadline = clock.now() + MINUTE_MS + (i % 1_000) / 1_000;
      turns.run(() => saints.deny(identityOfObject(i), objects[i], deadline));
    }
    turns.run(() => sweep.plan());
  };
  fill();
  const addingMs = turns.takeLongest();

  let pages = 0;
  for (let from = 0; from !== undefined && pages < 200; pages++) {
    from = turns.run(() => saints.list({ from }, clock.now())).next;
  }
  const pageMs = turns.takeLongest();

  let expiringTurns = 0;
  turns.onTurn = () => expiringTurns++;
  // A proxy stands still in none of these turns: what comes meanwhile is served between two of them.
  clock.advance(2 * MINUTE_MS);
  turns.onTurn = () => {};
  if (!saints.isEmpty) throw new Error('not all have ended');
  const expiringMs = turns.takeLongest();

  fill();
  turns.takeLongest();
  turns.run(() => saints.lift(identities[0]));
  turns.run(() => sweep.plan());
  clock.advance(MINUTE_MS / 2);
  const lettingGoMs = turns.takeLongest();
  sweep.stop();
  return { addingMs, expiringMs, lettingGoMs, expiringTurns, pageMs };
}
