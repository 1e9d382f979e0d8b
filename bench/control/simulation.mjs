/** A world in simulated time, with one config loaded, in use, and polled for a while. */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { fromDist } from '../support/dist.mjs';
import { createWorld } from './world.mjs';

const { SimulatedClock } = await fromDist('streams/simulated-clock');

/** Turns of the event loop within which a command that needs no time must be answered. */
const TURNS = 1_000;

/** @param {object} config see configs.mjs */
export async function loadInSimulation(config) {
  const clock = new SimulatedClock();
  const world = createWorld({ only: config }, clock);
  await finish(world.control.load('only'), clock);
  await finish(world.control.use('only'), clock);
  // Every backend has had its first results.
  clock.advance(20_000);
  return { world, clock };
}

async function finish(command, clock) {
  let finished = false;
  const done = command.then(() => {
    finished = true;
  });
  for (let turn = 0; turn < TURNS && !finished; turn++) {
    clock.advance(0);
    await nextTurn();
  }
  if (!finished) throw new Error('a command was not answered');
  await done;
}
