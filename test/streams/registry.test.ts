/** The registry with a small machine of its own: what is created, told, timed, replaced and ended. */
import { expect, test } from 'vitest';
import { type AnyStateMachine, assign, emit, setup } from 'xstate';
import { type Address, Bus, type BusEvent } from '../../src/streams/bus.ts';
import { Registry, type Transition } from '../../src/streams/registry.ts';
import type { ActorKind, Route } from '../../src/streams/routes.ts';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';
import { Topics } from '../../src/streams/topics.ts';

type Event =
  | { type: 'ring' | 'count' | 'fail' | 'fail-silently' | 'end'; id?: string }
  | { type: 'actor.restored' };

interface Input {
  readonly id: string;
  readonly fails?: 'in context' | 'at start' | 'when restored' | undefined;
}

function fail(): never {
  throw new Error('a mistake of ours');
}

/** Follows a topic, counts, and rings 100 ms after it was told to. */
const bell = setup({
  types: { context: {} as Input & { count: number }, events: {} as Event, input: {} as Input },
  delays: { pause: 100 },
  guards: {
    failsAtStart: ({ context }) => context.fails === 'at start',
    failsWhenRestored: ({ context }) => context.fails === 'when restored',
  },
  actions: {
    greet: emit(({ context }) => ({ type: 'greeted', id: context.id })),
    follow: emit({ type: 'topic.follow', topics: ['weather'] }),
    count: assign({ count: ({ context }) => context.count + 1 }),
    tell: emit(({ context }) => ({ type: 'rang', id: context.id, count: context.count })),
    say: emit(({ context }) => ({ type: 'said', id: context.id })),
    fail,
  },
}).createMachine({
  context: ({ input }) => (input.fails === 'in context' ? fail() : { ...input, count: 0 }),
  entry: ['follow', 'greet'],
  initial: 'first',
  on: { count: { actions: 'count' }, end: '.ended', fail: { actions: ['count', 'say', 'fail'] } },
  states: {
    first: { always: [{ guard: 'failsAtStart', actions: 'fail', target: 'quiet' }, { target: 'quiet' }] },
    quiet: { on: { ring: 'waiting' } },
    waiting: {
      after: { pause: { target: 'quiet', actions: 'tell' } },
      on: {
        'actor.restored': [
          { guard: 'failsWhenRestored', actions: 'fail' },
          { target: 'waiting', reenter: true },
        ],
      },
    },
    ended: { type: 'final', entry: 'say' },
  },
});

const byId = { to: 'config', id: (event: { id: string }) => event.id } as const;
const routes: Route[] = [
  ...['ring', 'count', 'fail', 'end'].map((event): Route => ({ from: 'operator', event, ...byId })),
  ...['greeted', 'rang', 'said'].map((event): Route => ({ from: 'config', event, to: 'planes' })),
  { from: 'config', event: 'topic.follow', to: 'topics' },
  { from: 'registry', event: 'actor.ended', to: 'topics' },
  { from: 'registry', event: 'actor.restored', to: 'config', reply: true },
  { from: 'slices', event: 'count', to: 'config', reply: true },
];

function makeRegistry() {
  const clock = new SimulatedClock();
  const topics = new Topics();
  const failed: string[] = [];
  const said: string[] = [];
  const machines = new Proxy({} as Record<ActorKind, AnyStateMachine>, { get: () => bell });
  const registry = new Registry({
    machines,
    clock,
    topics,
    onActorFailed: ({ id, generation }, error) => failed.push(`${id}/${generation} ${error}`),
  });
  const faults: unknown[] = [];
  const bus = new Bus({
    routes,
    actors: registry,
    now: () => clock.now(),
    onIdle: () => {},
    onFault: (error) => faults.push(error),
  });
  registry.connect(bus);
  bus.attach('planes', (event) => {
    const { type, id, count } = event as BusEvent & { id: string; count?: number };
    said.push(`${type} ${id}${count === undefined ? '' : ` ${count}`} at ${clock.now()}`);
  });
  let greeted: Address | undefined;
  bus.attach('topics', (event, from) => {
    if (event.type === 'topic.follow') greeted = from;
    if (event.type === 'topic.follow' && from !== undefined) topics.follow(from.kind, from.id, ['weather']);
    if (event.type === 'actor.ended') topics.leaveAll('config', (event as BusEvent & { id: string }).id);
  });
  return {
    clock,
    topics,
    registry,
    bus,
    failed,
    faults,
    said: () => said.splice(0),
    start(id: string, fails?: Input['fails']): Address {
      bus.batch(() => registry.ensure('config', id, { id, fails }));
      if (greeted === undefined) throw new Error('it did not greet');
      return greeted;
    },
    tell: (type: 'ring' | 'count' | 'fail' | 'end', id: string) => bus.say('operator', { type, id } as never),
    context: (id: string) => registry.snapshot('config', id)?.context as { count: number } | undefined,
  };
}

test('what an actor says at its start is heard', () => {
  const { start, said, topics } = makeRegistry();
  start('a');
  expect(said()).toEqual(['greeted a at 0']);
  expect([...topics.followers('config', 'weather')]).toEqual(['a']);
});

test('an actor is created once; its timers go through the bus', () => {
  const { start, said, registry, tell, clock, bus } = makeRegistry();
  start('a');
  start('a');
  expect(registry.count('config')).toBe(1);
  said();
  tell('ring', 'a');
  bus.batch(() => {
    clock.advance(100);
    tell('count', 'a');
    expect(said()).toEqual([]);
  });
  expect(said()).toEqual(['rang a 0 at 100']);
  expect(registry.snapshot('config', 'a')?.context.count).toBe(1);
});

test('an actor that is ended leaves its topics and timers, and says its last words', () => {
  const { start, said, registry, tell, clock, topics } = makeRegistry();
  start('a');
  tell('ring', 'a');
  said();
  tell('end', 'a');
  expect(said()).toEqual(['said a at 0']);
  expect(registry.count('config')).toBe(0);
  expect(topics.size).toBe(0);
  expect(clock.pending).toBe(0);
});

test('neither a late reply nor a late timer to an actor that is gone reaches its successor', () => {
  const { start, said, tell, bus, context } = makeRegistry();
  const before = start('a');
  tell('ring', 'a');
  tell('end', 'a');
  const after = start('a');
  tell('ring', 'a');
  said();
  expect(after).toMatchObject({ kind: 'config', id: 'a' });
  expect(after.generation).toBeGreaterThan(before.generation);
  bus.reply('slices', before, { type: 'count' } as never);
  for (let timer = 0; timer < 3; timer++) bus.timer(before, timer, 'pause');
  expect(said()).toEqual([]);
  expect(context('a')?.count).toBe(0);
  bus.reply('slices', after, { type: 'count' } as never);
  expect(context('a')?.count).toBe(1);
});

test('an actor that throws is replaced in its last good state and reported; after a pause its timer runs again', () => {
  const { start, said, tell, clock, failed, faults, context, bus, registry } = makeRegistry();
  const before = start('a');
  tell('count', 'a');
  tell('ring', 'a');
  clock.advance(60);
  said();
  tell('fail', 'a');
  expect(failed).toEqual([`a/${before.generation} Error: a mistake of ours`]);
  expect(faults).toEqual([]);
  expect(context('a')?.count).toBe(1);
  expect(registry.snapshot('config', 'a')?.status).toBe('active');
  bus.reply('slices', before, { type: 'count' } as never);
  expect(context('a')?.count).toBe(1);
  tell('count', 'a');
  said();
  clock.advance(1_000 + 100);
  expect(said()).toEqual(['rang a 2 at 1160']);
  expect(clock.pending).toBe(0);
});

test('an actor that failed still follows what it followed', () => {
  const { start, tell, topics } = makeRegistry();
  start('a');
  tell('fail', 'a');
  expect([...topics.followers('config', 'weather')]).toEqual(['a']);
  tell('end', 'a');
  expect(topics.size).toBe(0);
});

test.each(['at start', 'in context'] as const)('an actor that fails %s is reported and given up', (when) => {
  const { bus, registry, failed, topics, clock } = makeRegistry();
  bus.batch(() => registry.ensure('config', 'a', { id: 'a', fails: when }));
  expect(failed).toHaveLength(1);
  expect(failed[0]).toMatch(/a mistake of ours/);
  expect(registry.count('config')).toBe(0);
  expect(topics.size).toBe(0);
  expect(clock.pending).toBe(0);
});

test('an actor that fails whenever it is restored is tried again once a second, until it is ended', () => {
  const { start, tell, failed, registry, clock } = makeRegistry();
  start('a', 'when restored');
  tell('ring', 'a');
  tell('fail', 'a');
  clock.advance(3_000);
  expect(failed).toHaveLength(4);
  expect(registry.snapshot('config', 'a')?.value).toBe('waiting');
  tell('end', 'a');
  expect(clock.pending).toBe(0);
});

test('every step is told to whoever watches, with where it began and ended', () => {
  const { start, tell, clock, registry } = makeRegistry();
  start('a');
  const steps: Transition[] = [];
  const watching = registry.transitions$.subscribe((step) => steps.push(step));
  tell('ring', 'a');
  clock.advance(100);
  watching.unsubscribe();
  tell('ring', 'a');
  expect(steps.map(({ at, event, before, after }) => [at, event.type, before, after])).toEqual([
    [0, 'ring', 'quiet', 'waiting'],
    [100, 'timer.fired', 'waiting', 'quiet'],
  ]);
});

test('closed, it ends all actors without a word and cancels all timers', () => {
  const { start, tell, clock, registry, said } = makeRegistry();
  for (const id of ['a', 'b', 'c']) {
    start(id);
    tell('ring', id);
  }
  said();
  registry.close();
  expect(registry.count('config')).toBe(0);
  expect(clock.pending).toBe(0);
  clock.advance(1_000);
  expect(said()).toEqual([]);
});

test('what is said to an actor that is not there is no mistake', () => {
  const { registry } = makeRegistry();
  expect(registry.deliver('config', 'nobody', undefined, { type: 'count' })).toBe(false);
  expect(registry.snapshot('config', 'nobody')).toBeUndefined();
  expect([...registry.ids('config')]).toEqual([]);
});
