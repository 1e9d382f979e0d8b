/** Loading, switching and discarding configs that declare the same backends, in real time. */
import { setTimeout as delay } from 'node:timers/promises';
import { fromDist } from '../support/dist.mjs';
import { configOf, manyBackends, manyDirectors } from './configs.mjs';
import { Turns } from './turns.mjs';
import { createWorld } from './world.mjs';

const { createSystemClock } = await fromDist('proxy/system-clock');

/** Milliseconds within which anything that is waited for must have happened. */
const LIMIT_MS = 20_000;
/** Milliseconds between two commands, so that none meets what the one before has left. */
const PAUSE_MS = 100;

/**
 * @typedef {object} Step what one command took, in milliseconds
 * @property {number} answeredMs until the command was answered; for `use`: until requests run on the config
 * @property {number} doneMs until every backend knew of it, and had the poller that it should have
 * @property {number} heldMs of that: how long the event loop was held, all turns together
 * @property {number} longestTurnMs
 * @property {number} cpuMs processor time of the process, other threads included
 */

/**
 * @param {{ identities: number, directors: number, switches: number }} size
 * @returns {Promise<Record<string, Step[]>>} by command
 */
export async function measureSwitching({ identities, directors, switches }) {
  const configs = Object.fromEntries(
    ['a', 'b'].map((name) => {
      const backends = manyBackends(identities, `/${name}`);
      const targets = backends.map((one) => one.name);
      const policy = { kind: 'round_robin' };
      return [name, configOf({ backends, directors: manyDirectors(directors, policy, targets) })];
    }),
  );
  const turns = new Turns();
  const world = createWorld(configs, turns.watch(createSystemClock()), turns);
  const { control } = world;
  const ids = configs.a.backends.map(({ identity }) => identity);
  const step = (command, wanted) => measureStep({ control, turns, ids }, command, wanted);

  const steps = { 'load, all new': [], 'load, all known': [], use: [], discard: [] };
  steps['load, all new'].push(await step(() => control.load('a'), { elected: 'a', declared: 1 }));
  steps['load, all known'].push(await step(() => control.load('b'), { elected: 'a', declared: 2 }));
  let [next, active] = ['b', 'a'];
  for (let i = 0; i < switches; i++) {
    steps.use.push(await step(() => control.use(next), { elected: next, declared: 2 }));
    [next, active] = [active, next];
  }
  steps.discard.push(await step(() => control.discard(next), { elected: active, declared: 1 }));
  control.close();
  return steps;
}

/** @param {{ elected: string, declared: number }} wanted of every backend in the end */
async function measureStep(world, command, wanted) {
  await delay(PAUSE_MS);
  world.turns.takeLongest();
  world.turns.takeHeld();
  const cpu = process.cpuUsage();
  const start = performance.now();
  const done = untilDone(world, wanted);
  await world.turns.run(command);
  const answeredMs = performance.now() - start;
  const doneMs = (await done) - start;
  const heldMs = world.turns.takeHeld();
  // What follows from it elsewhere counts for the turns, too.
  await delay(PAUSE_MS);
  const { user, system } = process.cpuUsage(cpu);
  return {
    answeredMs,
    doneMs,
    heldMs,
    longestTurnMs: world.turns.takeLongest(),
    cpuMs: (user + system) / 1000,
  };
}

/** Resolves with the time at which the last backend was as wanted. */
function untilDone({ control, turns, ids }, wanted) {
  let done = 0;
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`${done} of ${ids.length} backends`)), LIMIT_MS);
    turns.onTurn = () => {
      // Goes on where it stopped: what is as wanted stays so.
      while (done < ids.length && isAsWanted(control.registry, ids[done], wanted)) done++;
      if (done < ids.length) return;
      clearTimeout(timer);
      turns.onTurn = () => {};
      resolve(performance.now());
    };
  });
}

function isAsWanted(registry, identity, { elected, declared }) {
  const backend = registry.snapshot('backend', identity)?.context;
  const poller = registry.snapshot('poller', identity)?.context;
  return backend?.declarations.length === declared && poller?.elected?.config.startsWith(`${elected}@`);
}
