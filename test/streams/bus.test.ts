/**
 * The bus by itself: order, re-entrancy, faults. Messages are commands to load configs; what each leads to
 * is given by a tree, and said by whoever hears it.
 */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type ActorDelivery, type Address, Bus, type BusEvent, type Message } from '../../src/streams/bus.ts';
import type { ActorKind, Route } from '../../src/streams/routes.ts';

/** By the name of a config: the names of those whose loading is asked for when this one is heard of. */
type Tree = Readonly<Record<string, readonly string[]>>;

const byName: Route = {
  from: 'operator',
  event: 'config.load',
  to: 'supervisor',
  id: (event: { name: string }) => event.name,
};

class FakeActors implements ActorDelivery {
  readonly delivered: string[] = [];
  readonly ensured: string[] = [];
  /** What an actor does on hearing something. */
  hear: (id: string, event: BusEvent, kind: ActorKind) => void = () => {};
  /** Of whom there is one, and of which generation. Default: everybody, 1. */
  generationOf: (id: string) => number | undefined = () => 1;
  readonly followersOf = new Map<string, string[]>();

  deliver(kind: ActorKind, id: string, generation: number | undefined, event: BusEvent): boolean {
    const present = this.generationOf(id);
    if (present === undefined || (generation !== undefined && generation !== present)) return false;
    this.delivered.push(id);
    this.hear(id, event, kind);
    return true;
  }

  ensure(_kind: ActorKind, id: string, input: unknown): void {
    this.ensured.push(`${id} ${JSON.stringify(input)}`);
  }

  followers(_kind: ActorKind, topic: string): Iterable<string> {
    return this.followersOf.get(topic) ?? [];
  }

  fire(address: Address, timer: number): boolean {
    return this.deliver(address.kind, `${address.id} timer ${timer}`, undefined, { type: 'timer.fired' });
  }
}

function makeBus(routes: readonly Route[] = [byName]) {
  const actors = new FakeActors();
  const faults: unknown[] = [];
  const state = { idles: 0, clockReads: 0, onIdle: () => {} };
  const bus = new Bus({
    routes,
    actors,
    now: () => {
      state.clockReads++;
      return 7;
    },
    onIdle: () => {
      state.idles++;
      state.onIdle();
    },
    onFault: (error) => faults.push(error),
  });
  const load = (name: string) => bus.say('operator', { type: 'config.load', id: '', name });
  return { bus, actors, faults, state, load };
}

const address = (id: string, generation = 1, kind: ActorKind = 'config'): Address => ({
  kind,
  id,
  generation,
});

/** Who is heard in which order if what is said waits its turn. */
function breadthFirst(tree: Tree, roots: readonly string[]): string[] {
  const queue = [...roots];
  const heard: string[] = [];
  for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
    heard.push(next);
    queue.push(...(tree[next] ?? []));
  }
  return heard;
}

/** Every name leads to later names only, so that it ends. */
const tree: fc.Arbitrary<Tree> = fc
  .array(fc.array(fc.integer({ min: 1, max: 4 }), { maxLength: 3 }), { maxLength: 8 })
  .map((leads) =>
    Object.fromEntries(leads.map((steps, i) => [`n${i}`, steps.map((step) => `n${i + step}`)])),
  );
const roots = fc.array(
  fc.nat({ max: 5 }).map((i) => `n${i}`),
  { minLength: 1, maxLength: 4 },
);

test('messages are heard in the order in which they were said, all of them before control returns, and once they are, it is idle once', () => {
  fc.assert(
    fc.property(tree, roots, (leads, first) => {
      const { actors, state, load } = makeBus();
      actors.hear = (id) => {
        for (const next of leads[id] ?? []) load(next);
      };
      for (const root of first) {
        actors.delivered.length = 0;
        const before = state.idles;
        load(root);
        expect(actors.delivered).toEqual(breadthFirst(leads, [root]));
        expect(state.idles - before).toBe(1);
      }
    }),
  );
});

test('what is said in a batch is one cause: heard when the batch is complete, idle once', () => {
  fc.assert(
    fc.property(tree, roots, (leads, first) => {
      const { bus, actors, state, load } = makeBus();
      actors.hear = (id) => {
        for (const next of leads[id] ?? []) load(next);
      };
      bus.batch(() => {
        for (const root of first) bus.batch(() => load(root));
        expect(actors.delivered).toEqual([]);
      });
      expect(actors.delivered).toEqual(breadthFirst(leads, first));
      expect(state.idles).toBe(1);
    }),
  );
});

test('a receiver that throws stops neither the others nor what follows', () => {
  const { actors, faults, state, load } = makeBus();
  actors.hear = (id) => {
    if (id === 'root') for (const next of ['bad', 'good']) load(next);
    if (id === 'bad') throw new Error('bad');
  };
  load('root');
  expect(actors.delivered).toEqual(['root', 'bad', 'good']);
  expect(faults).toEqual([new Error('bad')]);
  expect(state.idles).toBe(1);
});

test('a receiver that throws does not keep the same event from the rows below', () => {
  const { bus, actors, faults, load } = makeBus([
    { from: 'operator', event: 'config.load', to: 'loader' },
    byName,
  ]);
  bus.attach('loader', () => {
    throw new Error('bad');
  });
  load('a');
  expect(actors.delivered).toEqual(['a']);
  expect(faults).toEqual([new Error('bad')]);
});

test('a batch that throws passes it on, and what it had said is heard nevertheless', () => {
  const { bus, actors, load } = makeBus();
  const fail = () =>
    bus.batch(() => {
      load('a');
      throw new Error('half way');
    });
  expect(fail).toThrow('half way');
  expect(actors.delivered).toEqual(['a']);
  load('b');
  expect(actors.delivered).toEqual(['a', 'b']);
});

test('whatever fails when it is idle is reported, and the bus goes on', () => {
  const { actors, faults, state, load } = makeBus();
  state.onIdle = () => {
    state.onIdle = () => {};
    throw new Error('a data plane threw');
  };
  load('a');
  expect(faults).toEqual([new Error('a data plane threw')]);
  load('b');
  expect(actors.delivered).toEqual(['a', 'b']);
});

test('what is said when it is idle is heard too, before control returns', () => {
  const { actors, state, load } = makeBus();
  state.onIdle = () => {
    state.onIdle = () => {};
    load('more');
  };
  load('a');
  expect(actors.delivered).toEqual(['a', 'more']);
  expect(state.idles).toBe(2);
});

test('nothing is made for an observer who is not there', () => {
  const { bus, state, load } = makeBus();
  load('a');
  expect(state.clockReads).toBe(0);
  const seen: Message[] = [];
  const watching = bus.messages$.subscribe((message) => seen.push(message));
  load('b');
  watching.unsubscribe();
  load('c');
  expect(state.clockReads).toBe(1);
  expect(seen).toEqual([
    {
      seq: 2,
      at: 7,
      from: 'operator',
      fromId: undefined,
      to: 'supervisor',
      toId: 'b',
      event: { type: 'config.load', id: '', name: 'b' },
    },
  ]);
});

test('an event in several rows is served in their order; one in none reaches nobody', () => {
  const routes: Route[] = [
    { from: 'operator', event: 'config.load', to: 'loader' },
    byName,
    { from: 'operator', event: 'config.load', to: 'planes' },
  ];
  const { bus, load } = makeBus(routes);
  const heard: string[] = [];
  bus.attach('loader', () => heard.push('loader'));
  bus.attach('planes', () => heard.push('planes'));
  bus.messages$.subscribe(({ to }) => heard.push(`seen by ${to}`));
  load('a');
  bus.say('operator', { type: 'proxy.stop', id: '' });
  expect(heard).toEqual([
    'loader',
    'seen by loader',
    'seen by supervisor',
    'planes',
    'seen by planes',
    'seen by nobody',
  ]);
});

test('a row creates the actor first, stamps what it hears with the time, or tells it nothing', () => {
  const creates = ({ name }: { name: string }) => ({ called: name });
  const { bus, actors, state, load } = makeBus([{ ...byName, creates, stamped: true }]);
  actors.hear = (_id, event) => expect(event).toMatchObject({ name: 'a', at: 7 });
  load('a');
  expect(actors.ensured).toEqual(['a {"called":"a"}']);
  expect(actors.delivered).toEqual(['a']);
  expect(state.clockReads).toBe(1);

  const silent = makeBus([{ ...byName, creates, silent: true }]);
  silent.load('a');
  expect(silent.actors.ensured).toHaveLength(1);
  expect(silent.actors.delivered).toEqual([]);
  bus.batch(() => {});
});

test('a topic reaches those who follow it when it is spoken of, even if one of them leaves on hearing it', () => {
  const { actors, load } = makeBus([
    {
      from: 'operator',
      event: 'config.load',
      to: 'director',
      topic: (event: { name: string }) => event.name,
    },
  ]);
  const ids = ['x', 'y', 'z'];
  actors.followersOf.set('a', ids);
  actors.hear = () => ids.splice(0);
  load('a');
  expect(actors.delivered).toEqual(['x', 'y', 'z']);
});

test('what is said to an actor that is gone is seen as said to nobody', () => {
  const { bus, actors, load } = makeBus([
    byName,
    { from: 'operator', event: 'config.load', to: 'director', topic: () => 'topic' },
  ]);
  actors.generationOf = () => undefined;
  actors.followersOf.set('topic', ['gone too']);
  const seen: unknown[] = [];
  bus.messages$.subscribe(({ to, toId }) => seen.push([to, toId]));
  load('gone');
  expect(seen).toEqual([
    ['nobody', 'gone'],
    ['nobody', 'gone too'],
  ]);
});

const slices: Route = { from: 'slices', event: 'slice.granted', to: 'config', reply: true };

test('a reply reaches the very actor that asked, not its successor', () => {
  const { bus, actors } = makeBus([slices]);
  actors.generationOf = () => 2;
  bus.reply('slices', address('a', 1), { type: 'slice.granted' });
  expect(actors.delivered).toEqual([]);
  bus.reply('slices', address('a', 2), { type: 'slice.granted' });
  expect(actors.delivered).toEqual(['a']);
});

test('a reply to a kind of actor for which the table has no row is not sent', () => {
  const { bus, actors } = makeBus([slices]);
  bus.reply('slices', address('a', 1, 'backend'), { type: 'slice.granted' });
  expect(actors.delivered).toEqual([]);
});

test('a reply can be made when its turn comes, or turn out to be needless', () => {
  const { bus, actors } = makeBus([slices, byName]);
  const heard: string[] = [];
  actors.hear = (id) => heard.push(id);
  bus.batch(() => {
    bus.say('operator', { type: 'config.load', id: '', name: 'first' });
    bus.reply('slices', address('a'), () => {
      heard.push('made');
      return { type: 'slice.granted' };
    });
    bus.reply('slices', address('b'), () => undefined);
  });
  expect(heard).toEqual(['first', 'made', 'a']);
});

test('a timer waits its turn like any other message, and is seen only if it was still there', () => {
  const { bus, actors } = makeBus();
  const seen: Message[] = [];
  bus.messages$.subscribe((message) => seen.push(message));
  actors.hear = (id) => {
    if (id !== 'a') return;
    bus.timer(address('p', 1, 'poller'), 3, 'pause');
    bus.say('operator', { type: 'config.load', id: '', name: 'b' });
  };
  bus.say('operator', { type: 'config.load', id: '', name: 'a' });
  expect(actors.delivered).toEqual(['a', 'p timer 3', 'b']);
  actors.generationOf = () => undefined;
  bus.timer(address('p', 1, 'poller'), 4, 'pause');
  expect(seen.map(({ event }) => event.type)).toEqual(['config.load', 'timer.fired', 'config.load']);
  expect(seen[1]?.event).toEqual({ type: 'timer.fired', timer: 'pause' });
});
