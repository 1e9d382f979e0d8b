/** Members that come and go, one of them twice, and their health: what is counted, and what the director says. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { directorMachine, type MemberKnown } from '../../../src/actors/director.ts';
import { targetTopic } from '../../../src/actors/topic.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import { identityOf } from '../../../src/identity.ts';
import { checkMachine, type Observer } from '../../../src/testing/index.ts';

const config = configKeyOf('boot', 1);
const name = 'dir';

function memberOf(target: string, probed?: boolean): MemberKnown {
  if (probed === undefined) return { target, weight: 1 };
  const identity = identityOf(target, { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });
  return { target, weight: 1, backend: { identity, probed } };
}

/** Backends with and without a probe, and other targets. */
const pool = [
  memberOf('b1', true),
  memberOf('b2', true),
  memberOf('bare', false),
  memberOf('s1'),
  memberOf('d1'),
];
const member = fc.constantFrom(...pool);
const topicOf = ({ target, backend }: MemberKnown) => backend?.identity ?? targetTopic(config, target);

function observe(): Observer<typeof directorMachine> {
  const members: string[] = [];
  const count = new Map<string, number>();
  let healthy = false;
  let told: boolean | undefined;
  return {
    at({ event, emitted, snapshot: { value, context, status } }, before) {
      if (before === undefined) members.push(...context.members.map(({ target }) => target));
      if (event?.type === 'member.added') members.push(event.member.target);
      if (event?.type === 'member.removed' && members.includes(event.target)) {
        members.splice(members.indexOf(event.target), 1);
      }
      if (event?.type === 'members.health') healthy = event.healthy;
      if (status !== 'active') {
        expect(emitted, 'ends without a word').toEqual([]);
        return;
      }
      const now = members.length > 0 && healthy;
      expect(value).toBe(members.length === 0 ? 'empty' : now ? 'healthy' : 'sick');
      const said: boolean[] = [];
      for (const one of emitted) {
        if (one.type === 'target.health') {
          said.push(one.healthy);
          continue;
        }
        for (const { topic } of one.members) {
          count.set(topic, (count.get(topic) ?? 0) + (one.type === 'members.count' ? 1 : -1));
        }
      }
      expect(said).toEqual(now === told ? [] : [now]);
      told = now;
      for (const one of pool) {
        const times = members.filter((target) => target === one.target).length;
        expect(count.get(topicOf(one)) ?? 0, one.target).toBe(times);
      }
    },
  };
}

export const director = {
  invariant: 'what is counted for it is its members, and it says how it is exactly when that changes',
  check: () =>
    checkMachine(directorMachine, {
      input: fc.record({
        config: fc.constant(config),
        name: fc.constant(name),
        policy: fc.constant({ kind: 'random' as const }),
        members: fc.array(member, { maxLength: 5 }),
      }),
      events: {
        'member.added': fc.record({ member }),
        'member.removed': member.map(({ target }) => ({ target })),
        'members.health': fc.record({ healthy: fc.boolean() }),
      },
      weights: { 'director.end': 0.1, wait: 0 },
      parameters: { numRuns: 300 },
      observe,
    }),
};
