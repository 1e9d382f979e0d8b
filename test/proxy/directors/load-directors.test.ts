import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import type { DirectorDeclaration, PolicyDeclaration } from '../../../src/config/declaration.ts';
import { director, PickingWorld, type Running } from '../../support/picking-world.ts';

const backends = ['b0', 'b1', 'b2', 'b3'];
const saintmodes = backends.map((backend) => ({ name: `s${backend}`, backend, threshold: 3 }));
const objects = ['aa', 'bb'];
const least = { kind: 'least_connections' } as const;

describe('a slot', () => {
  test('is that of one entry of a director: the same backend elsewhere, or twice, has slots of its own', () => {
    const world = new PickingWorld({
      backends,
      directors: [director('d', least, ['b0', 'b0', 'b1']), director('other', least, ['b0', 'b2'])],
    });
    for (const name of backends) world.setHealth(name, true);
    for (let i = 0; i < 10; i++) world.begin('other');
    const names = Array.from({ length: 6 }, () => world.begin('d')?.name);
    expect(names).toEqual(['b0', 'b0', 'b1', 'b0', 'b0', 'b1']);
  });

  test('is held in each director on the way', () => {
    const world = new PickingWorld({
      backends,
      directors: [
        director('outer', least, ['left', 'right']),
        director('left', least, ['b0', 'b1']),
        director('right', least, ['b2', 'b3']),
      ],
    });
    for (const name of backends) world.setHealth(name, true);
    const running = Array.from({ length: 4 }, () => world.begin('outer'));
    expect(running.map((one) => one?.name)).toEqual(['b0', 'b2', 'b1', 'b3']);
    running[1]?.lease.release();
    expect(world.begin('outer')?.name).toBe('b2');
  });

  test('is given back once, however often its lease is released', () => {
    const world = new PickingWorld({ backends, directors: [director('d', least, ['b0', 'b1'])] });
    for (const name of backends) world.setHealth(name, true);
    const [one] = [world.begin('d'), world.begin('d')];
    one?.lease.release();
    one?.lease.release();
    // Given back twice, it would be asked twice.
    expect([world.begin('d')?.name, world.begin('d')?.name]).toEqual(['b0', 'b1']);
  });

  test('goes with a member that is removed, and one added later begins with none', () => {
    const world = new PickingWorld({ backends, directors: [director('d', least, ['b0', 'b1'])] });
    for (const name of backends) world.setHealth(name, true);
    const running = Array.from({ length: 6 }, () => world.begin('d'));
    world.graph.removeMember('d', 'b0');
    world.graph.addMember('d', 'b2', 1);
    expect([1, 2, 3].map(() => world.begin('d')?.name)).toEqual(['b2', 'b2', 'b2']);
    for (const one of running) one?.lease.release();
    // What ended was b0's, and three of b1's: that one has none now.
    expect([1, 2, 3].map(() => world.begin('d')?.name)).toEqual(['b1', 'b1', 'b1']);
  });
});

describe('whatever happens', () => {
  const policies: readonly PolicyDeclaration[] = [
    { kind: 'round_robin' },
    { kind: 'fallback', sticky: true },
    { kind: 'random' },
    { kind: 'hash' },
    least,
    least,
    { kind: 'peak_ewma', halfLifeMs: 100 },
    { kind: 'peak_ewma', halfLifeMs: 100 },
  ];
  const options = fc.constantFrom<Pick<DirectorDeclaration, 'slowStartMs' | 'panicThreshold'>>(
    {},
    {},
    { slowStartMs: 200 },
    { panicThreshold: 0.5 },
    { slowStartMs: 100, panicThreshold: 0.3 },
  );
  const sketch = fc.record({
    policy: fc.constantFrom(...policies),
    members: fc.array(fc.record({ target: fc.nat(), weight: fc.constantFrom(0, 0.5, 1, 1, 2) }), {
      maxLength: 6,
    }),
    options,
  });
  const step = fc.record({
    type: fc.constantFrom('begin', 'begin', 'begin', 'end', 'end', 'health', 'deny', 'wait', 'add', 'remove'),
    at: fc.nat(),
    to: fc.nat(),
    flag: fc.boolean(),
  });
  const sketches = fc.array(sketch, { minLength: 1, maxLength: 4 });

  property.prop([sketches, fc.array(step, { minLength: 20, maxLength: 100 })], { numRuns: 300 })(
    'nobody is picked whom the request may not use, and never none while somebody would do',
    (sketches, steps) => {
      const names = [...backends, ...saintmodes.map(({ name }) => name)];
      const directors = sketches.map(({ policy, members, options }, i) => {
        // Members may be directors before it, so none contains itself.
        const known = [...names, ...sketches.slice(0, i).map((_, k) => `d${k}`)];
        const list = members.map(({ target, weight }) => ({
          target: known[target % known.length] ?? 'b0',
          weight,
        }));
        return director(`d${i}`, policy, list, policy.kind === 'fallback' ? {} : options);
      });
      const world = new PickingWorld({ backends, directors, saintmodes });
      const health = new Map<string, 'healthy' | 'sick' | 'taken'>(backends.map((name) => [name, 'sick']));
      for (const name of backends) world.setHealth(name, false);
      const running: Running[] = [];

      /** Whether a backend may be asked through a target, and which; in panic, or not. */
      const reach = (name: string, object: string | undefined, panic: boolean): Set<string> => {
        const one = world.graph.describeMembers().find((d) => d.name === name);
        if (one !== undefined) {
          const isWeighted = one.policy.kind !== 'round_robin' && one.policy.kind !== 'fallback';
          const members = one.members.filter(({ weight }) => weight > 0 || !isWeighted);
          return new Set(members.flatMap(({ target }) => [...reach(target, object, panic)]));
        }
        const saintmode = saintmodes.find((sm) => sm.name === name);
        const backend = saintmode?.backend ?? name;
        const state = health.get(backend);
        const isUsable = state === 'healthy' || (panic && state === 'sick');
        if (!isUsable || saintmode === undefined) return new Set(isUsable ? [backend] : []);
        const { identity } = world.graph.backend(backend) ?? { identity: undefined };
        const isFull = identity !== undefined && world.saints.count(identity, world.now) >= 3;
        const denied = object === undefined ? undefined : world.saints.deniedFor(object, world.now);
        const isDenied = identity !== undefined && denied?.has(identity) === true;
        return new Set(isFull || isDenied ? [] : [backend]);
      };

      for (const { type, at, to, flag } of steps) {
        const backend = backends[at % backends.length] ?? 'b0';
        const name = `d${at % directors.length}`;
        const object = objects[to % 3];
        if (type === 'begin') {
          const one = world.begin(name, object);
          const normal = reach(name, object, false);
          if (one === undefined) expect([...normal]).toEqual([]);
          else if (one.panic.length === 0) expect(normal).toContain(one.name);
          else expect(reach(name, object, true)).toContain(one.name);
          if (one !== undefined) running.push(one);
        } else if (type === 'end') {
          const [one] = running.splice(at % Math.max(1, running.length), 1);
          if (flag) one?.lease.answered(to % 50);
          else if (to % 2 === 0) one?.lease.failed(to % 50);
          one?.lease.release();
        } else if (type === 'health') {
          const state = to % 4 === 0 ? 'taken' : flag ? 'healthy' : 'sick';
          health.set(backend, state);
          world.setHealth(backend, state === 'healthy', state === 'taken' ? 'drain' : 'auto');
        } else if (type === 'deny') {
          world.deny(backend, objects[to % 2] ?? 'aa', 1 + (to % 100));
        } else if (type === 'wait') {
          world.now += at % 60;
        } else if (type === 'add') {
          world.graph.addMember(name, names[to % names.length] ?? 'b0', flag ? 1 : 2);
        } else {
          world.graph.removeMember(name, names[to % names.length] ?? 'b0');
        }
      }
      for (const { lease } of running) lease.release();
    },
  );

  property.prop([fc.array(fc.record({ end: fc.boolean(), at: fc.nat() }), { maxLength: 200 })])(
    'least_connections always asks one with the fewest in flight',
    (steps) => {
      const world = new PickingWorld({ backends, directors: [director('d', least, backends)] });
      for (const name of backends) world.setHealth(name, true);
      const running: Running[] = [];
      const counts = () => backends.map((name) => running.filter((one) => one.name === name).length);
      for (const { end, at } of steps) {
        if (end) {
          const [one] = running.splice(at % Math.max(1, running.length), 1);
          one?.lease.release();
          continue;
        }
        const before = counts();
        const one = world.begin('d');
        if (one !== undefined) running.push(one);
        expect(before[backends.indexOf(one?.name ?? '')]).toBe(Math.min(...before));
      }
    },
  );
});

describe('a request to which something is denied', () => {
  test('costs a look at those members alone that the denial is about', () => {
    const many = Array.from({ length: 300 }, (_, i) => `b${i}`);
    const world = new PickingWorld({
      backends: many,
      directors: [
        director(
          'd',
          { kind: 'random' },
          many.map((name) => (name === 'b299' ? 'sm' : name)),
        ),
        director('none', { kind: 'random' }, many),
      ],
      saintmodes: [{ name: 'sm', backend: 'b299', threshold: 9 }],
    });
    for (const name of many) world.setHealth(name, true);
    world.deny('b299', 'aa', 1_000);
    let looks = 0;
    const denied = world.saints.deniedFor('aa', 0);
    const request = {
      get denied() {
        looks++;
        return denied;
      },
      key: () => new Uint8Array(32),
      random: Math.random,
    };
    for (const name of ['d', 'none']) {
      world.graph.get(name)?.resolve(request);
      looks = 0;
      world.graph.get(name)?.resolve(request);
      expect(looks).toBeLessThan(10);
    }
  });
});
