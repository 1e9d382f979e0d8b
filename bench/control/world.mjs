/**
 * Both planes on a clock, with configs given as values. Unless told otherwise, probes are answered by nobody's
 * socket: a good result comes a millisecond later. Requests are not served.
 */
import { fromDist } from '../support/dist.mjs';

const { ControlPlane } = await fromDist('streams/control-plane');
const { createDataPlane } = await fromDist('proxy/create-data-plane');

/** Milliseconds. */
const PROBE_ANSWER_MS = 1;

const goodProbe = {
  happy: true,
  flags: {
    goodIpv4: true,
    goodIpv6: false,
    goodUnix: false,
    goodXmit: true,
    errXmit: false,
    goodRecv: true,
    errRecv: false,
  },
  responseTimeMs: PROBE_ANSWER_MS,
  reason: 'HTTP/1.1 200 OK',
};

/**
 * @param {Record<string, ReturnType<import('./configs.mjs').configOf>>} configs by name
 * @param {object} clock
 * @param {import('./turns.mjs').Turns} [turns] to time what happens when a config has been loaded
 * @param {(order: object, done: (result: object) => void) => () => void} [probe] see src/streams/probes.ts
 */
export function createWorld(configs, clock, turns, probe) {
  const world = { active: undefined, probes: 0, applied: 0, control: undefined, data: undefined };
  const data = createDataPlane({
    plane: 'p0',
    clock,
    random: Math.random,
    transport: {
      fetch: () => {
        throw new Error('this world serves no requests');
      },
      retire: (_identity, done) => done(),
      close: async () => {},
    },
  });
  world.data = data;
  world.control = new ControlPlane({
    clock,
    drainTimeoutMs: 30_000,
    onFault: (error) => {
      throw error;
    },
    planes: {
      apply: (delta) => {
        data.apply(delta);
        world.applied++;
        if (delta.active !== undefined) world.active = delta.active;
      },
      drain: (key) => data.drain(key),
      end: (key) => data.end(key),
    },
    load: (key, name) => {
      const config = configs[name];
      const turn = turns === undefined ? Promise.resolve() : newTurn(turns, clock);
      return turn.then(() => data.load(key, config, config.backends));
    },
    probe: (order, done) => {
      world.probes++;
      if (probe !== undefined) return probe(order, done);
      return clock.after(PROBE_ANSWER_MS, () => done(goodProbe));
    },
  });
  data.onFacts = (batch) => world.control.takeFacts(batch);
  return world;
}

/** Resolves in a turn of its own, and times all that follows from it. */
function newTurn(turns, clock) {
  return new Promise((resolve) => {
    clock.after(0, () => {
      const end = turns.begin();
      resolve();
      afterMicrotasks(end);
    });
  });
}

/** Promises that hang on each other take one round each; the control plane has its answer after a few. */
function afterMicrotasks(done, rounds = 20) {
  if (rounds === 0) done();
  else queueMicrotask(() => afterMicrotasks(done, rounds - 1));
}
