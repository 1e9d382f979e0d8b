/** One machine alone, in simulated time, with all that it says written down. */
import { type AnyStateMachine, createActor, type EmittedFrom, type InputFrom } from 'xstate';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';

/** The simulated clock as an XState actor takes it: what `setTimeout` returns is what cancels it. */
function xstateClock(clock: SimulatedClock) {
  return {
    setTimeout: (fire: (...args: unknown[]) => void, ms: number) => clock.after(ms, () => fire()),
    clearTimeout: (cancel: () => void) => cancel(),
  };
}

export function startInTime<Machine extends AnyStateMachine>(
  machine: Machine,
  input: InputFrom<Machine>,
  clock = new SimulatedClock(),
) {
  const said: (EmittedFrom<Machine> & { at: number })[] = [];
  const actor = createActor(machine, { input, clock: xstateClock(clock) } as never);
  actor.on('*', (event) => said.push({ ...(event as EmittedFrom<Machine>), at: clock.now() }));
  actor.start();
  return {
    clock,
    actor,
    said,
    /** What was said since the last call. */
    heard: () => said.splice(0),
  };
}
