/** The routing table is total: all that can be said is heard by somebody, or on a list that says why not. */
import { expect, test } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { backendMachine } from '../../src/actors/backend.ts';
import { configMachine } from '../../src/actors/config.ts';
import { directorMachine } from '../../src/actors/director.ts';
import { peerPoolMachine } from '../../src/actors/peer-pool.ts';
import { peerWorkerMachine } from '../../src/actors/peer-worker.ts';
import { pollerMachine } from '../../src/actors/poller.ts';
import { saintmodeMachine } from '../../src/actors/saintmode.ts';
import { supervisorMachine } from '../../src/actors/supervisor.ts';
import { type Identity, identityOf } from '../../src/identity.ts';
import { type ActorKind, type Route, routes, type Speaker, type Spoken } from '../../src/streams/routes.ts';
import { backendOf, ControlWorld, describeConfig, probeOf, settle } from '../support/control-world.ts';
import { allOf } from '../support/machine-lint.ts';

const machines: Record<ActorKind, AnyStateMachine> = {
  supervisor: supervisorMachine,
  config: configMachine,
  backend: backendMachine,
  poller: pollerMachine,
  director: directorMachine,
  saintmode: saintmodeMachine,
  peerPool: peerPoolMachine,
  peerWorker: peerWorkerMachine,
};

/** All that each can say. The compiler holds these lists complete. */
const spoken: { readonly [S in Speaker]: readonly Spoken[S]['type'][] } = {
  supervisor: allOf<Spoken['supervisor']['type']>()([
    'config.wanted',
    'config.activate',
    'config.deactivate',
    'config.warm',
    'config.cool',
    'config.discard',
    'config.used',
    'command.done',
    'command.refused',
  ]),
  config: allOf<Spoken['config']['type']>()([
    'load.wanted',
    'config.failed',
    'slice.wanted',
    'config.announced',
    'backend.declare',
    'backend.withdraw',
    'director.declare',
    'saintmode.declare',
    'director.end',
    'saintmode.end',
    'drain.wanted',
    'config.discarded',
  ]),
  backend: allOf<Spoken['backend']['type']>()([
    'poller.elect',
    'poller.dismiss',
    'poller.retire',
    'backend.health',
    'backend.retired',
  ]),
  poller: allOf<Spoken['poller']['type']>()([
    'probe.wanted',
    'probe.unwanted',
    'probe.recorded',
    'health.concluded',
  ]),
  director: allOf<Spoken['director']['type']>()(['members.count', 'members.uncount', 'target.health']),
  saintmode: allOf<Spoken['saintmode']['type']>()(['topic.follow', 'target.health']),
  saints: allOf<Spoken['saints']['type']>()(['saint.count', 'saint.lifted']),
  peerPool: allOf<Spoken['peerPool']['type']>()(['worker.wanted', 'worker.unwanted']),
  peerWorker: allOf<Spoken['peerWorker']['type']>()([
    'thread.wanted',
    'thread.unwanted',
    'worker.started',
    'worker.died',
    'worker.ended',
  ]),
  operator: allOf<Spoken['operator']['type']>()([
    'config.load',
    'config.use',
    'config.set-state',
    'config.discard',
    'proxy.stop',
    'backend.set-health',
    'saint.lift',
  ]),
  loader: allOf<Spoken['loader']['type']>()(['config.loaded', 'config.load-failed']),
  planes: allOf<Spoken['planes']['type']>()([
    'member.added',
    'member.removed',
    'saint.denied',
    'config.drained',
    'connections.closed',
    'peer.opened',
    'peer.threads-set',
    'peer.load',
    'peer.thread-started',
    'peer.thread-ended',
    'peer.retry-planned',
    'peer.closed',
  ]),
  probes: allOf<Spoken['probes']['type']>()(['probe.answered']),
  slices: allOf<Spoken['slices']['type']>()(['slice.granted']),
  tallies: allOf<Spoken['tallies']['type']>()(['members.health']),
  topics: allOf<Spoken['topics']['type']>()(['topic.retained']),
  registry: allOf<Spoken['registry']['type']>()(['actor.restored', 'actor.ended']),
};

/** Said to nobody in particular, and why. */
const forObserversOnly = new Map([
  ['poller probe.recorded', 'every single result: for logs and pages; actors hear of changed verdicts'],
  ['planes peer.retry-planned', 'chance and time on record; the data plane has planned it already'],
]);

const show = ({ from, event, to }: Pick<Route, 'from' | 'event' | 'to'>) => `${from} ${event} -> ${to}`;
const isKind = (to: string): to is ActorKind => to in machines;

test('all that can be said is in the table, or on the list of what is for observers only', () => {
  const said = Object.entries(spoken).flatMap(([by, types]) => types.map((type) => `${by} ${type}`));
  const routed = new Set(routes.map(({ from, event }) => `${from} ${event}`));
  expect(said.filter((one) => !routed.has(one))).toEqual([...forObserversOnly.keys()]);
});

test('no row is for something that nobody can say', () => {
  const idle = routes.filter(({ from, event }) => !(spoken[from] as readonly string[]).includes(event));
  expect(idle.map(show)).toEqual([]);
});

test('every row to an actor is for an event that its machine hears', () => {
  const unheard = routes.filter(
    ({ to, event, silent }) => isKind(to) && silent !== true && !machines[to].events.includes(event),
  );
  expect(unheard.map(show)).toEqual([]);
});

test('every event that a machine hears comes to it by some row', () => {
  for (const [kind, machine] of Object.entries(machines)) {
    const rows = routes.filter(({ to, silent }) => to === kind && silent !== true);
    const heard = machine.events.filter((event) => !event.startsWith('xstate.'));
    expect(
      heard.filter((event) => !rows.some((row) => row.event === event)),
      kind,
    ).toEqual([]);
  }
});

test('a row to an actor says which one: by id, by topic, or the one that asked; others say nothing of that', () => {
  for (const row of routes) {
    const ways = [row.id, row.topic, row.reply].filter((way) => way !== undefined);
    expect(ways, show(row)).toHaveLength(isKind(row.to) ? 1 : 0);
    if (row.creates !== undefined || row.silent === true || row.stamped === true) {
      expect(row.id, show(row)).toBeDefined();
    }
  }
});

test('no row stands in the table twice', () => {
  const all = routes.map(show);
  expect(all).toEqual([...new Set(all)]);
});

/** Only an actor that fails is restored: test/streams/registry.test.ts. */
const notInTheStory = ['config', 'poller', 'peerPool', 'peerWorker'].map(
  (kind) => `registry actor.restored -> ${kind}`,
);

test('one story goes over every row', async () => {
  const backends = ['b1', 'b2'].map((name) => backendOf(name, 8080, probeOf({ intervalMs: 1_000 })));
  const member = (target: string) => ({ target, weight: 1 });
  const described = describeConfig({
    backends,
    saintmodes: [{ name: 'saint', backend: 'b1', threshold: 1 }],
    directors: [
      { name: 'inner', policy: { kind: 'hash' }, members: [member('saint'), member('b2')] },
      { name: 'outer', policy: { kind: 'random' }, members: [member('inner')] },
    ],
  });
  const world = new ControlWorld({ configs: { a: described, b: described }, answersAfterMs: 10 });
  const used = new Set<string>();
  world.control.messages$.subscribe(({ from, event, to }) =>
    used.add(show({ from, event: event.type, to } as Route)),
  );
  const identity = identityOf('b1', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 }) as Identity;

  await world.control.load('c').catch(() => {});
  await world.load('a');
  await world.control.use('a');
  await world.load('b');
  world.clock.advance(3_000);
  await world.control.use('b');
  world.control.setHealth(identity, 'sick');
  world.control.setHealth(identity, 'auto');
  for (const [object, ttl] of [
    ['x', 500],
    ['y', 60_000],
    ['z', 60_000],
  ] as const) {
    world.tell({ type: 'saint.denied', identity, object, deadline: world.clock.now() + ttl });
  }
  world.clock.advance(1_000);
  world.control.lift(identity, 'y');
  const peer = { config: world.active as never, peer: 'neighbour' };
  const thread = { ...peer, thread: 1, reason: 'it died' };
  world.tell({ type: 'peer.opened', ...peer, min: 1, max: 2 });
  world.tell({ type: 'peer.threads-set', ...peer, min: 2, max: 2 });
  world.settle();
  world.tell({ type: 'peer.load', ...peer, pending: 1, busy: [1, 2] });
  world.tell({ type: 'peer.thread-ended', ...thread });
  world.tell({ type: 'peer.retry-planned', ...peer, operation: 1, attempt: 1, random: 0.5, delayMs: 75 });
  world.tell({ type: 'peer.closed', ...peer });
  world.settle();
  const change = { config: world.active as never, director: 'inner', target: 'b2' };
  world.tell({ type: 'member.added', ...change, weight: 1 });
  world.tell({ type: 'member.removed', ...change });
  world.tell({ type: 'member.removed', ...change });
  world.settle();
  await world.control.setState('a', 'cold');
  world.settle();
  await world.warm('a');
  world.clock.advance(1_000);
  await world.control.discard('a');
  world.settle();
  while (world.running.size === 0) world.clock.fireNext();
  const stopped = world.control.stop();
  world.settle();
  await stopped;
  await settle();

  expect(routes.map(show).filter((row) => !used.has(row))).toEqual(notInTheStory);
  const known = new Set(routes.map(show));
  const toNobody = [...used].filter((row) => !known.has(row));
  expect(toNobody.filter((row) => !row.endsWith('-> nobody') && !row.includes('timer.fired'))).toEqual([]);
});
