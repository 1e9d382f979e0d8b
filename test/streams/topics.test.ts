/** Topics: who follows what, and what was last said, against sets and maps that forget nothing by themselves. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { identityOf } from '../../src/identity.ts';
import { type ActorDelivery, type Address, Bus, type BusEvent } from '../../src/streams/bus.ts';
import type { ActorKind } from '../../src/streams/routes.ts';
import { routes, type TopicSpoken } from '../../src/streams/routes.ts';
import { Topics } from '../../src/streams/topics.ts';

const names = ['b1', 'b2', 'b3'].map((name) =>
  identityOf(name, { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 }),
);
const [b1] = names as [(typeof names)[number]];

function said(identity: (typeof names)[number], value: number): TopicSpoken {
  return { type: 'saint.count', identity, count: value };
}

const kind = fc.constantFrom<ActorKind>('director', 'saintmode', 'poller');
const who = fc.record({ kind, id: fc.constantFrom('x', 'y') });
const topicsOf = fc.uniqueArray(fc.constantFrom(...names), { maxLength: 3 });
const steps = fc.array(
  fc.oneof(
    fc.record({ do: fc.constant('follow' as const), who, topics: topicsOf }),
    fc.record({ do: fc.constant('leave' as const), who, topics: topicsOf }),
    fc.record({ do: fc.constant('leave-all' as const), who }),
    fc.record({ do: fc.constant('retain' as const), topic: fc.constantFrom(...names), value: fc.nat(9) }),
    fc.record({ do: fc.constant('forget' as const), topic: fc.constantFrom(...names) }),
  ),
  { maxLength: 60 },
);

test('everybody follows exactly what was followed and not left; a topic is open exactly while it is followed or something is retained', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const topics = new Topics();
      const following = new Map<string, Set<string>>();
      const retained = new Map<string, TopicSpoken>();
      const followedBy = (one: { kind: string; id: string }) => {
        const key = `${one.kind} ${one.id}`;
        const set = following.get(key) ?? new Set<string>();
        following.set(key, set);
        return set;
      };
      for (const step of sequence) {
        if (step.do === 'follow') {
          topics.follow(step.who.kind, step.who.id, step.topics);
          for (const topic of step.topics) followedBy(step.who).add(topic);
        } else if (step.do === 'leave') {
          topics.leave(step.who.kind, step.who.id, step.topics);
          for (const topic of step.topics) followedBy(step.who).delete(topic);
        } else if (step.do === 'leave-all') {
          topics.leaveAll(step.who.kind, step.who.id);
          followedBy(step.who).clear();
        } else if (step.do === 'retain') {
          topics.retain(step.topic, said(step.topic, step.value));
          retained.set(step.topic, said(step.topic, step.value));
        } else {
          topics.forget(step.topic);
          retained.delete(step.topic);
        }
        expect(topics.retained(names)).toEqual(names.flatMap((name) => retained.get(name) ?? []));
        for (const name of names) {
          for (const one of ['director', 'saintmode', 'poller'] as const) {
            const expected = ['x', 'y'].filter((id) => following.get(`${one} ${id}`)?.has(name));
            expect([...topics.followers(one, name)].toSorted()).toEqual(expected);
          }
        }
        const open = names.filter(
          (name) => retained.has(name) || [...following.values()].some((set) => set.has(name)),
        );
        expect(topics.size).toBe(open.length);
      }
    }),
  );
});

/** Topics on a bus with the true table; actors only write down what they hear. */
function onBus() {
  const topics = new Topics();
  const heard: string[] = [];
  const actors: ActorDelivery = {
    deliver: (kind, id, _generation, event) => {
      heard.push(`${kind} ${id}: ${show(event)}`);
      return true;
    },
    ensure: () => {},
    followers: (kind, topic) => topics.followers(kind, topic),
    fire: () => false,
  };
  const bus = new Bus({ routes, actors, now: () => 0, onIdle: () => {}, onFault: () => {} });
  bus.attach('publisher', () => {});
  topics.connect(bus);
  return { topics, bus, heard: () => heard.splice(0) };
}

function show(event: BusEvent): string {
  if (event.type === 'topic.retained') {
    const { said } = event as BusEvent & { said: readonly BusEvent[] };
    return `retained ${said.map(show).join(', ')}`;
  }
  const { override } = event as BusEvent & { override?: string };
  return override ?? event.type;
}

const saint: Address = { kind: 'saintmode', id: 's1', generation: 1 };
const health = (override: 'auto' | 'sick' | 'drain') =>
  ({ type: 'backend.health', identity: b1, polled: 'healthy', passing: true, override }) as const;

test('a newcomer hears what was last said, then each new word', () => {
  const { bus, heard } = onBus();
  bus.say('backend', health('auto'));
  bus.say('backend', health('sick'));
  expect(heard()).toEqual([]);
  bus.say('saintmode', { type: 'topic.follow', topics: [b1] }, saint);
  expect(heard()).toEqual([`saintmode s1: retained sick`]);
  bus.say('backend', health('drain'));
  expect(heard()).toEqual([`saintmode s1: drain`]);
});

test('what was retained never comes after, and undoes, a newer word', () => {
  const { bus, heard } = onBus();
  bus.say('backend', health('auto'));
  bus.batch(() => {
    bus.say('saintmode', { type: 'topic.follow', topics: [b1] }, saint);
    bus.say('backend', health('sick'));
  });
  expect(heard().at(-1)).toMatch(/sick$/);
});

test('who follows something of which nothing was said hears nothing', () => {
  const { bus, heard } = onBus();
  bus.say('saintmode', { type: 'topic.follow', topics: [b1] }, saint);
  expect(heard()).toEqual([]);
});

test('an actor that has ended follows nothing, and a backend that has ended leaves nothing behind', () => {
  const { bus, topics } = onBus();
  bus.batch(() => {
    bus.say('backend', health('auto'));
    bus.say('saintmode', { type: 'topic.follow', topics: [b1] }, saint);
    bus.say('registry', { type: 'actor.ended', kind: 'saintmode', id: 's1' });
    bus.say('registry', { type: 'actor.ended', kind: 'backend', id: b1 });
  });
  expect(topics.size).toBe(0);
});

test('of each kind of word the last one is retained', () => {
  const { bus, heard } = onBus();
  bus.say('backend', health('auto'));
  bus.say('saints', { type: 'saint.count', identity: b1, count: 1 });
  bus.say('backend', health('sick'));
  bus.say('saints', { type: 'saint.count', identity: b1, count: 2 });
  bus.say('saintmode', { type: 'topic.follow', topics: [b1] }, saint);
  expect(heard()).toEqual(['saintmode s1: retained sick, saint.count']);
});

test('the end of a poller does not make its backend, which has the same id, forgotten', () => {
  const { bus, topics } = onBus();
  bus.say('backend', health('auto'));
  bus.say('registry', { type: 'actor.ended', kind: 'poller', id: b1 });
  expect(topics.retained([b1])).toHaveLength(1);
  bus.say('registry', { type: 'actor.ended', kind: 'backend', id: b1 });
  expect(topics.size).toBe(0);
});
