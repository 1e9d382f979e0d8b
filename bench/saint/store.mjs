/** What the saint list costs: denying, asking, memory, and the longest turn while very many come and go. */
import { hash } from 'node:crypto';
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
/** Objects denied or asked for in one go: their hashes are in the processor's cache, as a request's own is; entries are not. */
const BATCH = 512;

const identities = Array.from({ length: IDENTITIES }, (_, i) =>
  identityOf(`b${i}`, { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 + i }),
);
const identityOfObject = (i) => identities[i % IDENTITIES];

/** Request hashes are made as they are needed: a million kept would be the garbage collector's work, not the list's. */
const objectOf = (name) => hash('sha256', `object ${name}`, 'hex');

/**
 * @param {number} entries
 * @returns {{ denyNs: number, hitNs: number, missNs: number, bytesEach: number }}
 */
export function measureStore(entries) {
  // Once before it counts: not compiled yet.
  measure(20_000, 20);
  return measure(entries, 400);
}

function measure(entries, batches) {
  const empty = liveBytes();
  const saints = new SaintList({ capacity: 2 * entries });
  let denyMs = 0;
  for (let first = 0; first < entries; first += BATCH) {
    const objects = Array.from({ length: Math.min(BATCH, entries - first) }, (_, i) => objectOf(first + i));
    const start = performance.now();
    for (let i = 0; i < objects.length; i++) {
      saints.deny(identityOfObject(first + i), objects[i], MINUTE_MS + ((first + i) % 30_000));
    }
    denyMs += performance.now() - start;
  }
  const bytesEach = (liveBytes() - empty) / entries;
  const known = timeLookUps(saints, batches, () => Math.floor(Math.random() * entries));
  const unknown = timeLookUps(saints, batches, () => `not ${Math.random()}`);
  if (known.found !== batches * BATCH || unknown.found !== 0) throw new Error('the list is wrong');
  return { denyNs: (1e6 * denyMs) / entries, hitNs: known.ns, missNs: unknown.ns, bytesEach };
}

/** Nanoseconds of one look-up: the median over batches of objects from all over the list. */
function timeLookUps(saints, batches, draw) {
  const times = [];
  let found = 0;
  for (let batch = 0; batch < batches; batch++) {
    const objects = Array.from({ length: BATCH }, () => objectOf(draw()));
    const start = performance.now();
    for (let i = 0; i < BATCH; i++) if (saints.deniedFor(objects[i], 0) !== undefined) found++;
    times.push((1e6 * (performance.now() - start)) / BATCH);
  }
  return { ns: median(times), found };
}

/**
 * The longest turn while so many are denied, one in a turn, and while all of them end in the same millisecond.
 *
 * @param {number} entries
 * @returns {{ addingMs: number, expiringMs: number, lettingGoMs: number, expiringTurns: number, pageMs: number }}
 */
export function measureTurns(entries) {
  const clock = new SimulatedClock();
  const saints = new SaintList({ capacity: entries });
  const turns = new Turns();
  const sweep = new SaintSweep(saints, turns.watch(clock));
  const fill = () => {
    for (let i = 0; i < entries; i++) {
      const deadline = clock.now() + MINUTE_MS + (i % 1_000) / 1_000;
      const object = objectOf(i);
      turns.run(() => saints.deny(identityOfObject(i), object, deadline));
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
