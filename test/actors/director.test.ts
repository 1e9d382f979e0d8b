/** The director alone: who is a member, and whether one of them can be asked. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { directorMachine, type MemberKnown } from '../../src/actors/director.ts';
import { targetTopic } from '../../src/actors/topic.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { identityOf } from '../../src/identity.ts';
import { type BackendHealth, isUsable, type Override, type PolledHealth } from '../../src/snapshot.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { lintMachine } from '../support/machine-lint.ts';

const config = configKeyOf('boot', 1);
const name = 'dir';

function identityFor(target: string) {
  return identityOf(target, { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });
}

/** Probed backends b1 and b2, an unprobed one, and two other targets. */
const pool: Record<string, MemberKnown> = {
  b1: { target: 'b1', weight: 1, backend: { identity: identityFor('b1'), probed: true } },
  b2: { target: 'b2', weight: 1, backend: { identity: identityFor('b2'), probed: true } },
  bare: { target: 'bare', weight: 1, backend: { identity: identityFor('bare'), probed: false } },
  s1: { target: 's1', weight: 1 },
  d1: { target: 'd1', weight: 1 },
};
const targets = Object.keys(pool);

function memberOf(target: string): MemberKnown {
  const member = pool[target];
  if (member === undefined) throw new Error(`no ${target} in the pool`);
  return member;
}

const health = (changes: Partial<BackendHealth> = {}): BackendHealth => ({
  polled: 'healthy',
  passing: true,
  override: 'auto',
  ...changes,
});

function startDirector(members: readonly string[]) {
  const director = startInTime(directorMachine, {
    config,
    name,
    policy: { kind: 'random' },
    members: members.map(memberOf),
  });
  const { actor } = director;
  return {
    ...director,
    add: (target: string) => actor.send({ type: 'member.added', member: memberOf(target) }),
    remove: (target: string) => actor.send({ type: 'member.removed', target }),
    backend: (target: string, now: BackendHealth) =>
      actor.send({ type: 'backend.health', identity: identityFor(target), ...now }),
    target: (target: string, healthy: boolean) =>
      actor.send({ type: 'target.health', config, name: target, healthy }),
    state: () => actor.getSnapshot().value,
  };
}

test('says all that the compiler does not see', () => {
  lintMachine(directorMachine, [
    'member.added',
    'member.removed',
    'backend.health',
    'target.health',
    'topic.retained',
    'director.end',
  ]);
});

test('follows each member once, says that it is sick, and comes up with what is known of them', () => {
  const { actor, heard, state } = startDirector(['b1', 'b1', 's1']);
  expect(heard()).toMatchObject([
    { type: 'topic.follow', topics: [identityFor('b1'), targetTopic(config, 's1')] },
    { type: 'target.health', name, healthy: false },
  ]);
  const identity = identityFor('b1');
  actor.send({ type: 'topic.retained', said: [{ type: 'backend.health', identity, ...health() }] });
  expect(heard()).toMatchObject([{ type: 'target.health', config, name, healthy: true }]);
  expect(state()).toBe('healthy');
});

test('an empty one is legal: it follows nobody and is not healthy', () => {
  const { heard, state, add, target } = startDirector([]);
  expect(state()).toBe('empty');
  expect(heard()).toMatchObject([{ type: 'target.health', healthy: false }]);
  add('s1');
  expect(state()).toBe('sick');
  target('s1', true);
  expect(state()).toBe('healthy');
});

test('a member without a probe is healthy whatever a poller of another config says, but not against an order', () => {
  const { backend, state } = startDirector(['bare']);
  backend('bare', health({ polled: 'sick', passing: false }));
  expect(state()).toBe('healthy');
  backend('bare', health({ override: 'drain' }));
  expect(state()).toBe('sick');
});

test('a member that is there twice is left as the other one when the first is removed', () => {
  const { backend, remove, heard, state } = startDirector(['b1', 'b1']);
  backend('b1', health());
  heard();
  remove('b1');
  expect(heard()).toEqual([]);
  expect(state()).toBe('healthy');
  remove('b1');
  expect(heard()).toMatchObject([
    { type: 'topic.leave', topics: [identityFor('b1')] },
    { type: 'target.health', healthy: false },
  ]);
  expect(state()).toBe('empty');
});

test('news of a member that has just been removed is not believed', () => {
  const { actor, target, backend, remove, state } = startDirector(['s1', 'b1']);
  remove('s1');
  remove('b1');
  target('s1', true);
  backend('b1', health());
  const identity = identityFor('b1');
  actor.send({ type: 'topic.retained', said: [{ type: 'backend.health', identity, ...health() }] });
  expect(state()).toBe('empty');
});

test.each([
  { kind: 'random', healthy: false },
  { kind: 'hash', healthy: false },
  { kind: 'round_robin', healthy: true },
] as const)('under $kind a member of weight 0 makes it healthy: $healthy', ({ kind, healthy }) => {
  const members = [{ target: 's1', weight: 0 }];
  const { actor } = startInTime(directorMachine, { config, name, policy: { kind }, members });
  actor.send({ type: 'target.health', config, name: 's1', healthy: true });
  expect(actor.getSnapshot().value).toBe(healthy ? 'healthy' : 'sick');
  actor.send({ type: 'member.added', member: { target: 'd1', weight: 1 } });
  actor.send({ type: 'target.health', config, name: 'd1', healthy: true });
  expect(actor.getSnapshot().value).toBe('healthy');
});

test('ends without a word', () => {
  const { actor, heard } = startDirector(['b1']);
  heard();
  actor.send({ type: 'director.end' });
  expect(heard()).toEqual([]);
  expect(actor.getSnapshot().status).toBe('done');
});

const anyHealth = fc.record({
  polled: fc.constantFrom<PolledHealth>('unprobed', 'healthy', 'sick'),
  passing: fc.boolean(),
  override: fc.constantFrom<Override>('auto', 'auto', 'healthy', 'sick', 'drain'),
});
const target = fc.constantFrom(...targets);
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('add' as const), target }),
    fc.record({ do: fc.constant('remove' as const), target }),
    fc.record({
      do: fc.constant('backend' as const),
      target: fc.constantFrom('b1', 'b2', 'bare'),
      now: anyHealth,
    }),
    fc.record({
      do: fc.constant('target' as const),
      target: fc.constantFrom('s1', 'd1'),
      healthy: fc.boolean(),
    }),
  ),
  { maxLength: 50 },
);

test('it is healthy exactly if a recount of its members finds one that can be asked, and it says so exactly when that changes', () => {
  fc.assert(
    fc.property(fc.array(target, { maxLength: 5 }), steps, (initial, sequence) => {
      const director = startDirector(initial);
      const members = [...initial];
      /** What was said of each while it was a member: an actor hears nothing of the others. */
      const known = new Map<string, boolean>();
      let told: boolean | undefined;
      const check = () => {
        const healthy = members.some((one) => known.get(one) === true);
        expect(director.state()).toBe(members.length === 0 ? 'empty' : healthy ? 'healthy' : 'sick');
        const said = director
          .heard()
          .flatMap((event) => (event.type === 'target.health' ? [event.healthy] : []));
        expect(said).toEqual(healthy === told ? [] : [healthy]);
        told = healthy;
      };
      check();
      for (const step of sequence) {
        const isMember = members.includes(step.target);
        if (step.do === 'add') {
          director.add(step.target);
          members.push(step.target);
        } else if (step.do === 'remove') {
          director.remove(step.target);
          const index = members.indexOf(step.target);
          if (index >= 0) members.splice(index, 1);
          if (!members.includes(step.target)) known.delete(step.target);
        } else if (step.do === 'backend') {
          director.backend(step.target, step.now);
          if (isMember)
            known.set(step.target, isUsable(step.now, memberOf(step.target).backend?.probed === true));
        } else {
          director.target(step.target, step.healthy);
          if (isMember) known.set(step.target, step.healthy);
        }
        check();
      }
    }),
    { numRuns: 300 },
  );
});
