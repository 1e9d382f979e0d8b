/** Health rolled up: real directors on a bus with the true table, against a recount of everything. */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { AnyStateMachine } from 'xstate';
import { directorMachine, type MemberKnown } from '../../src/actors/director.ts';
import { targetTopic } from '../../src/actors/topic.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { identityOf } from '../../src/identity.ts';
import { type BackendHealth, isUsable, type Override, type PolledHealth } from '../../src/snapshot.ts';
import { Bus, type Message } from '../../src/streams/bus.ts';
import { Registry } from '../../src/streams/registry.ts';
import { type ActorKind, routes } from '../../src/streams/routes.ts';
import { SimulatedClock } from '../../src/streams/simulated-clock.ts';
import { Tallies } from '../../src/streams/tallies.ts';
import { Topics } from '../../src/streams/topics.ts';

const config = configKeyOf('boot', 1);
const identityFor = (target: string) => identityOf(target, { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });

/** Probed backends b1 and b2, an unprobed one, and a saintmode object. Directors contain those after them. */
const backends: Record<string, { readonly probed: boolean }> = {
  b1: { probed: true },
  b2: { probed: true },
  bare: { probed: false },
};
const leaves = [...Object.keys(backends), 's1'];
const directors = ['d0', 'd1', 'd2'];
const kinds = ['random', 'round_robin', 'hash'] as const;

function memberOf(target: string, weight: number): MemberKnown {
  const backend = backends[target];
  if (backend === undefined) return { target, weight };
  return { target, weight, backend: { identity: identityFor(target), probed: backend.probed } };
}

function createWorld() {
  const clock = new SimulatedClock();
  const topics = new Topics();
  const faults: unknown[] = [];
  const registry = new Registry({
    machines: { director: directorMachine } as unknown as Record<ActorKind, AnyStateMachine>,
    clock,
    topics,
    onActorFailed: (_, error) => faults.push(error),
  });
  const bus = new Bus({
    routes,
    actors: {
      // Of the others there is none, and they need not be.
      ensure: (kind, id, input) => kind === 'director' && registry.ensure(kind, id, input),
      deliver: (kind, id, generation, event) => registry.deliver(kind, id, generation, event),
      followers: (kind, topic) => registry.followers(kind, topic),
      fire: () => false,
    },
    now: () => clock.now(),
    onIdle: () => {},
    onFault: (error) => faults.push(error),
  });
  registry.connect(bus);
  topics.connect(bus);
  const tallies = new Tallies(bus);
  return {
    bus,
    tallies,
    faults,
    state: (director: string) => registry.snapshot('director', targetTopic(config, director))?.value,
    declare: (name: string, at: number, members: readonly MemberKnown[]) =>
      bus.say('config', {
        type: 'director.declare',
        config,
        name,
        policy: { kind: kinds[at] ?? 'hash' },
        members,
      }),
  };
}

const anyHealth = fc.record({
  polled: fc.constantFrom<PolledHealth>('unprobed', 'healthy', 'sick'),
  passing: fc.boolean(),
  override: fc.constantFrom<Override>('auto', 'auto', 'healthy', 'sick', 'drain'),
});
const director = fc.nat(directors.length - 1);
const membership = fc.record({
  director,
  target: fc.constantFrom(...leaves, ...directors),
  weight: fc.constantFrom(0, 1, 2),
});
const steps = fc.array(
  fc.oneof(
    fc.record({
      do: fc.constant('declare' as const),
      director,
      members: fc.array(membership, { maxLength: 4 }),
    }),
    fc.record({ do: fc.constant('end' as const), director }),
    fc.record({ do: fc.constant('add' as const), membership }),
    fc.record({ do: fc.constant('remove' as const), membership }),
    fc.record({
      do: fc.constant('backend' as const),
      target: fc.constantFrom(...Object.keys(backends)),
      now: anyHealth,
    }),
    fc.record({ do: fc.constant('saintmode' as const), healthy: fc.boolean() }),
  ),
  { maxLength: 60 },
);

interface Model {
  readonly members: Map<string, { target: string; weight: number }[]>;
  readonly backends: Map<string, BackendHealth>;
  saintmode: boolean;
}

function isHealthy(model: Model, target: string): boolean {
  const backend = backends[target];
  if (backend !== undefined) {
    const health = model.backends.get(target);
    return health !== undefined && isUsable(health, backend.probed);
  }
  if (target === 's1') return model.saintmode;
  const at = directors.indexOf(target);
  return (model.members.get(target) ?? []).some(
    (member) => (kinds[at] === 'round_robin' || member.weight > 0) && isHealthy(model, member.target),
  );
}

/** No director in itself: only those after it. */
const isLegal = (at: number, target: string) => {
  const other = directors.indexOf(target);
  return other < 0 || other > at;
};

test.prop([steps], { numRuns: 500 })(
  'each director is healthy exactly if a recount of its members finds one that can be asked, however deep',
  (sequence) => {
    const world = createWorld();
    const { bus } = world;
    const model: Model = { members: new Map(), backends: new Map(), saintmode: false };
    const saintmode = (healthy: boolean) =>
      bus.say('saintmode', { type: 'target.health', config, name: 's1', healthy });
    for (const step of sequence) {
      switch (step.do) {
        case 'declare': {
          const name = directors[step.director] as string;
          if (model.members.has(name)) break;
          const members = step.members.filter(({ target }) => isLegal(step.director, target));
          model.members.set(name, [...members]);
          world.declare(
            name,
            step.director,
            members.map(({ target, weight }) => memberOf(target, weight)),
          );
          break;
        }
        case 'end': {
          const name = directors[step.director] as string;
          // With its config, all of what contains it ends.
          for (const one of directors.slice(0, step.director + 1)) {
            model.members.delete(one);
            bus.say('config', { type: 'director.end', config, name: one });
          }
          expect(world.state(name)).toBeUndefined();
          break;
        }
        case 'add': {
          const { director: at, target, weight } = step.membership;
          const name = directors[at] as string;
          if (!isLegal(at, target)) break;
          model.members.get(name)?.push({ target, weight });
          bus.say('planes', {
            type: 'member.added',
            config,
            director: name,
            member: memberOf(target, weight),
          });
          break;
        }
        case 'remove': {
          const { director: at, target } = step.membership;
          const name = directors[at] as string;
          const members = model.members.get(name) ?? [];
          const index = members.findIndex((one) => one.target === target);
          if (index >= 0) members.splice(index, 1);
          bus.say('planes', { type: 'member.removed', config, director: name, target });
          break;
        }
        case 'backend':
          model.backends.set(step.target, step.now);
          bus.say('backend', { type: 'backend.health', identity: identityFor(step.target), ...step.now });
          break;
        case 'saintmode':
          model.saintmode = step.healthy;
          saintmode(step.healthy);
          break;
        default:
          step satisfies never;
      }
      for (const [name, members] of model.members) {
        const expected = members.length === 0 ? 'empty' : isHealthy(model, name) ? 'healthy' : 'sick';
        expect(world.state(name), name).toBe(expected);
      }
    }
    for (const name of directors) bus.say('config', { type: 'director.end', config, name });
    for (const target of Object.keys(backends)) {
      bus.say('backend', { type: 'backend.retired', identity: identityFor(target) });
    }
    bus.say('registry', { type: 'actor.ended', kind: 'saintmode', id: targetTopic(config, 's1') });
    expect(world.tallies.size).toBe(0);
    expect(world.faults).toEqual([]);
  },
);

test('a health change is a message to those directors only whose own health changes', () => {
  const world = createWorld();
  const { bus } = world;
  const health = (target: string, override: Override) =>
    bus.say('backend', {
      type: 'backend.health',
      identity: identityFor(target),
      polled: 'healthy',
      passing: true,
      override,
    });
  const messages: Message[] = [];
  bus.messages$.subscribe((message) => messages.push(message));
  const toDirectors = () => messages.splice(0).flatMap(({ to, toId }) => (to === 'director' ? [toId] : []));

  health('b1', 'auto');
  health('b2', 'auto');
  world.declare('d2', 2, [memberOf('b1', 1), memberOf('b2', 1)]);
  world.declare('d1', 1, [memberOf('b1', 1), memberOf('b2', 1)]);
  world.declare('d0', 0, [memberOf('d1', 1), memberOf('d2', 1), memberOf('b2', 1)]);
  toDirectors();
  health('b1', 'sick');
  expect(toDirectors()).toEqual([]);
  health('b2', 'sick');
  const all = ['d2', 'd1', 'd0'].map((name) => targetTopic(config, name));
  expect(toDirectors()).toEqual(all);
  expect(directors.map(world.state)).toEqual(['sick', 'sick', 'sick']);
  health('b1', 'auto');
  expect(toDirectors()).toEqual(all);
  health('b2', 'auto');
  expect(toDirectors()).toEqual([]);
});
