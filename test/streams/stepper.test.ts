/** Steps as values, against real XState actors that hear the same. */
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import {
  type AnyActor,
  type AnyMachineSnapshot,
  type AnyStateMachine,
  createActor,
  createMachine,
  type EventObject,
  fromCallback,
} from 'xstate';
import { backendMachine } from '../../src/actors/backend.ts';
import { configMachine } from '../../src/actors/config.ts';
import { pollerMachine } from '../../src/actors/poller.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { identityOf } from '../../src/identity.ts';
import { Stepper } from '../../src/streams/stepper.ts';
import { backendOf, describeConfig, probeOf, probeResult } from '../support/control-world.ts';

const addresses = { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 } as const;
const identity = identityOf('b1', addresses);
const keys = [configKeyOf('a', 1), configKeyOf('b', 2)] as const;
const config = fc.constantFrom(...keys);
const at = fc.nat(9_000);
const probe = fc.constantFrom(probeOf(), probeOf({ intervalMs: 100, window: 2, threshold: 1 }));
const description = describeConfig({
  backends: ['b1', 'b2', 'b3', 'b4', 'b5', 'b6'].map((name) => backendOf(name, 8080, probeOf())),
});

interface Case {
  readonly name: string;
  readonly machine: AnyStateMachine;
  readonly input: unknown;
  /** What its actor hears; `timers` are fired by their names. */
  readonly events: fc.Arbitrary<EventObject>;
}

const is = <T extends string>(type: T) => ({ type: fc.constant(type) });

const cases: Case[] = [
  {
    name: 'poller',
    machine: pollerMachine,
    input: { identity, addresses },
    events: fc.oneof(
      fc.record({ ...is('poller.elect'), config, probe, hostHeader: fc.constant('h'), at }),
      fc.record({
        ...is('probe.answered'),
        attempt: fc.nat(4),
        result: fc.boolean().map((ok) => probeResult(ok)),
        at,
      }),
      fc.record({ ...is('poller.dismiss'), at }),
      fc.record({ ...is('actor.restored'), at }),
    ),
  },
  {
    name: 'backend',
    machine: backendMachine,
    input: { identity, addresses },
    events: fc.oneof(
      fc.record({
        ...is('backend.declare'),
        identity: fc.constant(identity),
        config,
        probe,
        active: fc.boolean(),
      }),
      fc.record({ ...is('backend.withdraw'), config }),
      fc.record({ ...is('backend.set-health'), override: fc.constantFrom('auto', 'sick', 'drain') }),
      fc.record({
        ...is('health.concluded'),
        polled: fc.constantFrom('healthy', 'sick'),
        passing: fc.boolean(),
      }),
      fc.record({ ...is('connections.closed') }),
    ),
  },
  {
    name: 'config',
    machine: configMachine,
    input: { key: keys[0], name: 'a', drainTimeoutMs: 300 },
    events: fc.oneof(
      fc.record({ ...is('config.loaded'), description: fc.constant(description) }),
      fc.record({
        type: fc.constantFrom(
          'config.activate',
          'config.deactivate',
          'config.cool',
          'config.warm',
          'config.discard',
          'slice.granted',
          'slice.granted',
          'config.drained',
        ),
      }),
    ),
  },
];

/** The clock that a real actor is given: it notes what is set, and lets nothing fire. */
class NotedTimers {
  readonly set = new Map<number, { readonly ms: number; readonly fire: () => void }>();
  #count = 0;
  setTimeout = (fire: () => void, ms: number) => {
    this.set.set(++this.#count, { ms, fire });
    return this.#count;
  };
  clearTimeout = (timer: number) => {
    this.set.delete(timer);
  };
}

class Twins {
  readonly stepper = new Stepper();
  readonly machine: AnyStateMachine;
  readonly actor: AnyActor;
  readonly timers = new NotedTimers();
  readonly emitted: unknown[] = [];
  readonly said: unknown[] = [];
  readonly own = new Map<string, { readonly ms: number; readonly event: EventObject }>();
  snapshot: AnyMachineSnapshot;

  constructor({ machine, input }: Case) {
    this.machine = machine;
    this.actor = createActor(machine, { input, clock: this.timers });
    this.actor.on('*', (event) => this.emitted.push(event));
    this.actor.start();
    const first = this.stepper.start(machine, input);
    this.snapshot = first.snapshot;
    this.#take(first);
  }

  hear(event: EventObject): void {
    this.actor.send(event);
    this.#step(event);
  }

  /** Lets the first timer of both fire. */
  fire(): void {
    const [[number, timer] = []] = this.timers.set;
    const [[name, own] = []] = this.own;
    if (number === undefined || name === undefined) return;
    this.timers.set.delete(number);
    this.own.delete(name);
    timer?.fire();
    if (own !== undefined) this.#step(own.event);
  }

  compare(): void {
    const { value, context, status } = this.actor.getSnapshot();
    expect({
      value: this.snapshot.value,
      context: this.snapshot.context,
      status: this.snapshot.status,
    }).toEqual({
      value,
      context,
      status,
    });
    expect(this.said).toEqual(this.emitted);
    // An actor that has ended is stopped by whoever keeps it, and its timers with it.
    if (status !== 'active') return;
    expect([...this.own.values()].map(({ ms }) => ms)).toEqual(
      [...this.timers.set.values()].map(({ ms }) => ms),
    );
  }

  #step(event: EventObject): void {
    const step = this.stepper.step(this.machine, this.snapshot, event);
    this.snapshot = step.snapshot;
    this.#take(step);
  }

  #take(step: ReturnType<Stepper['step']>): void {
    this.said.push(...step.said);
    for (const order of step.timers) {
      this.own.delete(order.name);
      if (order.type === 'set') this.own.set(order.name, order);
    }
  }
}

describe.each(cases)('$name', (one) => {
  test.prop([
    fc.array(fc.oneof({ weight: 4, arbitrary: one.events }, fc.constant('timer' as const)), {
      maxLength: 30,
    }),
  ])('states, words and timers are those of an XState actor', (sequence) => {
    const twins = new Twins(one);
    twins.compare();
    for (const event of sequence) {
      if (twins.snapshot.status !== 'active') return;
      if (event === 'timer') twins.fire();
      else twins.hear(event);
      twins.compare();
    }
  });
});

test('machines that it could not run as XState does are refused', () => {
  const run = (machine: AnyStateMachine) => () => new Stepper().start(machine, undefined);
  const work = fromCallback(() => {});
  expect(run(createMachine({ initial: 'a', states: { a: { invoke: { src: work } } } }))).toThrow(
    /not invoked/,
  );
  const history = { initial: 'a', states: { a: {}, b: { type: 'history' as const } } };
  expect(run(createMachine(history))).toThrow(/history states/);
});
