/** The director alone: who is a member, what is to be counted, and what it says of itself. That health rolls up
 * as it should: test/streams/tallies.test.ts. */
import { expect, test } from 'vitest';
import { directorMachine, type MemberKnown } from '../../src/actors/director.ts';
import { targetTopic } from '../../src/actors/topic.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { identityOf } from '../../src/identity.ts';
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

function memberOf(target: string): MemberKnown {
  const member = pool[target];
  if (member === undefined) throw new Error(`no ${target} in the pool`);
  return member;
}

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
    health: (healthy: boolean) => actor.send({ type: 'members.health', healthy }),
    state: () => actor.getSnapshot().value,
  };
}

const counted = (...targets: string[]) =>
  targets.map((target) => {
    const { backend } = memberOf(target);
    return { topic: backend?.identity ?? targetTopic(config, target), probed: backend?.probed ?? true };
  });

test('says all that the compiler does not see', () => {
  lintMachine(directorMachine, ['member.added', 'member.removed', 'members.health', 'director.end']);
});

test('has its members counted, each as often as it is one, and says that it is sick until it hears better', () => {
  const { heard, state, health } = startDirector(['b1', 'b1', 'bare', 's1']);
  expect(heard()).toMatchObject([
    { type: 'members.count', config, name, members: counted('b1', 'b1', 'bare', 's1') },
    { type: 'target.health', name, healthy: false },
  ]);
  health(true);
  expect(heard()).toMatchObject([{ type: 'target.health', config, name, healthy: true }]);
  expect(state()).toBe('healthy');
});

test('an empty one is legal: nothing is counted for it, and it is not healthy', () => {
  const { heard, state, add, health } = startDirector([]);
  expect(state()).toBe('empty');
  expect(heard()).toMatchObject([{ type: 'target.health', healthy: false }]);
  add('s1');
  expect(heard()).toMatchObject([{ type: 'members.count', members: counted('s1') }]);
  expect(state()).toBe('sick');
  health(true);
  expect(state()).toBe('healthy');
});

test('a member that is there twice is left as the other one when the first is removed', () => {
  const { remove, heard, state, health } = startDirector(['b1', 'b1']);
  health(true);
  heard();
  remove('b1');
  expect(heard()).toMatchObject([{ type: 'members.uncount', members: counted('b1') }]);
  expect(state()).toBe('healthy');
  remove('b1');
  expect(heard()).toMatchObject([
    { type: 'members.uncount', members: counted('b1') },
    { type: 'target.health', healthy: false },
  ]);
  expect(state()).toBe('empty');
  remove('b1');
  expect(heard()).toEqual([]);
});

test('without members it is empty, whatever it hears of those that it had', () => {
  const { remove, health, state, heard } = startDirector(['s1']);
  remove('s1');
  heard();
  health(true);
  expect(state()).toBe('empty');
  expect(heard()).toEqual([]);
});

test.each([
  { kind: 'random', isCounted: false },
  { kind: 'hash', isCounted: false },
  { kind: 'round_robin', isCounted: true },
] as const)('under $kind a member of weight 0 counts: $isCounted', ({ kind, isCounted }) => {
  const members = [{ target: 's1', weight: 0 }];
  const { actor, heard } = startInTime(directorMachine, { config, name, policy: { kind }, members });
  const words = () => heard().filter(({ type }) => type !== 'target.health');
  const [s1] = [counted('s1')];
  expect(words()).toMatchObject(isCounted ? [{ type: 'members.count', members: s1 }] : []);
  actor.send({ type: 'member.added', member: { target: 'd1', weight: 1 } });
  expect(words()).toMatchObject([{ type: 'members.count', members: counted('d1') }]);
  actor.send({ type: 'member.removed', target: 's1' });
  expect(words()).toMatchObject(isCounted ? [{ type: 'members.uncount', members: s1 }] : []);
});

test('ends without a word', () => {
  const { actor, heard } = startDirector(['b1']);
  heard();
  actor.send({ type: 'director.end' });
  expect(heard()).toEqual([]);
  expect(actor.getSnapshot().status).toBe('done');
});
