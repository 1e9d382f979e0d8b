import fc from 'fast-check';
import { beforeEach, describe, expect, test } from 'vitest';
import { SaintList } from '../../../src/compact/saint-list.ts';
import type {
  DirectorDeclaration,
  MemberDeclaration,
  PolicyDeclaration,
  SaintmodeDeclaration,
} from '../../../src/config/declaration.ts';
import { TroupeError } from '../../../src/errors.ts';
import { createTargetGraph } from '../../../src/proxy/directors/target-graph.ts';
import type { BackendHealth, Override } from '../../../src/snapshot.ts';
import { requestFor } from '../../support/fake-members.ts';
import { NaiveTargets } from '../../support/naive-targets.ts';
import { resolvedBackend } from '../../support/resolved-backend.ts';

const any = requestFor();
let now: number;
let saints: SaintList;

beforeEach(() => {
  now = 0;
  saints = new SaintList();
});

const ordered = (override: Override): BackendHealth => ({ polled: 'unprobed', passing: false, override });
const identityOf = (name: string) => resolvedBackend(name).identity;
const member = (target: string, weight = 1): MemberDeclaration => ({ target, weight });

function director(
  name: string,
  kind: 'round_robin' | 'fallback' | 'random' | 'hash' | 'least_connections',
  members: readonly (string | MemberDeclaration)[],
): DirectorDeclaration {
  const policy: PolicyDeclaration = kind === 'fallback' ? { kind, sticky: false } : { kind };
  return { name, policy, members: members.map((one) => (typeof one === 'string' ? member(one) : one)) };
}

function graphOf({
  backends = ['b0', 'b1', 'b2'],
  probed = false,
  directors = [],
  saintmodes = [],
}: {
  backends?: readonly string[];
  probed?: boolean;
  directors?: readonly DirectorDeclaration[];
  saintmodes?: readonly SaintmodeDeclaration[];
}) {
  const resolved = backends.map((name) => resolvedBackend(name, { probed }));
  return createTargetGraph({ backends: resolved, directors, saintmodes, saints, now: () => now });
}

describe('health', () => {
  test('a backend with a probe waits for its first result, one without is healthy at once', () => {
    expect(graphOf({ probed: true }).get('b0')?.healthy).toBe(false);
    expect(graphOf({ probed: false }).get('b0')?.healthy).toBe(true);
  });

  test('an operator keeps a backend from new requests with sick and with drain', () => {
    const graph = graphOf({});
    for (const order of ['sick', 'drain'] as const) {
      graph.setHealth(identityOf('b0'), ordered(order));
      expect(graph.get('b0')?.resolve(any)).toBeUndefined();
      graph.setHealth(identityOf('b0'), ordered('auto'));
      expect(graph.get('b0')?.resolve(any)).toBe(graph.backend('b0'));
    }
  });

  test('rises through saintmode objects and nested directors', () => {
    const graph = graphOf({
      saintmodes: [{ name: 'sm0', backend: 'b0', threshold: 5 }],
      directors: [director('outer', 'fallback', ['inner']), director('inner', 'round_robin', ['sm0'])],
    });
    expect(graph.get('outer')?.resolve(any)?.name).toBe('b0');
    graph.setHealth(identityOf('b0'), ordered('sick'));
    for (const name of ['b0', 'sm0', 'inner', 'outer']) expect(graph.get(name)?.healthy).toBe(false);
    graph.setHealth(identityOf('b0'), ordered('healthy'));
    for (const name of ['b0', 'sm0', 'inner', 'outer']) expect(graph.get(name)?.healthy).toBe(true);
  });

  test('an identity of another config changes nothing', () => {
    const graph = graphOf({});
    graph.setHealth(identityOf('elsewhere'), ordered('sick'));
    expect(graph.get('b0')?.healthy).toBe(true);
  });

  test('weights of 0 pick none, as in varnishd, so a director of nothing else is passed over', () => {
    const idle = director('idle', 'random', [member('b0', 0)]);
    const graph = graphOf({ directors: [idle, director('outer', 'round_robin', ['idle', 'b1'])] });
    expect(graph.get('idle')?.healthy).toBe(false);
    expect(graph.get('idle')?.resolve(any)).toBeUndefined();
    expect([1, 2, 3].map(() => graph.get('outer')?.resolve(any)?.name)).toEqual(['b1', 'b1', 'b1']);
  });
});

describe('a backend as the end of a resolution', () => {
  test('has all that a fetch needs, with the limits of its own config', () => {
    const backend = graphOf({}).backend('b0');
    const declaration = resolvedBackend('b0');
    expect(backend).toMatchObject({
      name: 'b0',
      identity: declaration.identity,
      addresses: declaration.addresses,
      limits: declaration.limits,
      declaration,
    });
  });

  test('is found by names of backends only', () => {
    const graph = graphOf({ directors: [director('d', 'hash', [])] });
    expect(graph.backend('d')).toBeUndefined();
    expect(graph.backend('nobody')).toBeUndefined();
    expect(graph.get('nobody')).toBeUndefined();
  });
});

describe('saintmode', () => {
  const saintmodes = [
    { name: 'sm0', backend: 'b0', threshold: 2 },
    { name: 'free', backend: 'b0', threshold: 0 },
  ];
  const denied = (object: string) => ({ ...any, denied: saints.deniedFor(object, now) });

  test('is sick for a listed object only, and not at all with threshold 0 or without saintmode', () => {
    const graph = graphOf({ saintmodes });
    saints.deny(identityOf('b0'), 'aa', 100);
    expect(graph.get('sm0')?.accepts(denied('aa'))).toBe(false);
    expect(graph.get('sm0')?.resolve(denied('aa'))).toBeUndefined();
    expect(graph.get('sm0')?.resolve(denied('bb'))?.name).toBe('b0');
    expect(graph.get('free')?.resolve(denied('aa'))?.name).toBe('b0');
    expect(graph.get('b0')?.resolve(denied('aa'))?.name).toBe('b0');
  });

  test('is sick for every object from its threshold on, until entries expire, though no timer fires', () => {
    const graph = graphOf({ saintmodes, directors: [director('d', 'fallback', ['sm0', 'b1'])] });
    saints.deny(identityOf('b0'), 'aa', 100);
    saints.deny(identityOf('b0'), 'bb', 200);
    expect(graph.get('sm0')?.healthy).toBe(false);
    expect(graph.get('free')?.healthy).toBe(true);
    expect(graph.get('d')?.resolve(denied('cc'))?.name).toBe('b1');
    now = 100;
    expect(graph.get('d')?.resolve(denied('cc'))?.name).toBe('b0');
    expect(graph.get('d')?.resolve(denied('bb'))?.name).toBe('b1');
  });

  test('health and acceptance, too, are those of the moment of asking', () => {
    const graph = graphOf({ saintmodes });
    for (const object of ['aa', 'bb']) saints.deny(identityOf('b0'), object, 100);
    now = 99;
    expect(graph.get('sm0')?.healthy).toBe(false);
    expect(graph.get('sm0')?.accepts(any)).toBe(false);
    now = 100;
    expect(graph.get('sm0')?.accepts(any)).toBe(true);
    expect(graph.get('sm0')?.healthy).toBe(true);
  });

  test('a config loaded later finds the list as it is, one that has ended leaves it', () => {
    for (const object of ['aa', 'bb']) saints.deny(identityOf('b0'), object, 100);
    const later = graphOf({ saintmodes });
    expect(later.get('sm0')?.healthy).toBe(false);
    later.close();
    saints.lift(identityOf('b0'));
    expect(later.get('sm0')?.healthy).toBe(false);
    expect(graphOf({ saintmodes }).get('sm0')?.healthy).toBe(true);
  });

  test('is known for the identities that it wraps', () => {
    const graph = graphOf({ saintmodes });
    expect(graph.hasSaintmode(identityOf('b0'))).toBe(true);
    expect(graph.hasSaintmode(identityOf('b1'))).toBe(false);
  });

  test('a nested director whose only healthy backends are denied is passed over for that request only', () => {
    const graph = graphOf({
      saintmodes,
      directors: [director('inner', 'random', ['sm0']), director('outer', 'fallback', ['inner', 'b1'])],
    });
    saints.deny(identityOf('b0'), 'aa', 100);
    expect(graph.get('inner')?.accepts(denied('aa'))).toBe(false);
    expect(graph.get('outer')?.resolve(denied('aa'))?.name).toBe('b1');
    expect(graph.get('outer')?.resolve(denied('bb'))?.name).toBe('b0');
  });

  test('is answered at once when directors lead to a denied backend in very many ways', () => {
    const layers = Array.from({ length: 60 }, (_, i) => {
      const below = i === 0 ? 'sm0' : `d${i - 1}`;
      return director(`d${i}`, i % 2 === 0 ? 'round_robin' : 'random', [below, below]);
    });
    const graph = graphOf({ saintmodes, directors: layers });
    saints.deny(identityOf('b0'), 'aa', 100);
    expect(graph.get('d59')?.resolve(denied('aa'))).toBeUndefined();
    expect(graph.get('d59')?.resolve(denied('bb'))?.name).toBe('b0');
  });
});

describe('members while serving', () => {
  test('an empty director is legal, and picks none until a member is added', () => {
    const graph = graphOf({ directors: [director('d', 'round_robin', [])] });
    expect(graph.get('d')?.healthy).toBe(false);
    expect(graph.get('d')?.resolve(any)).toBeUndefined();
    expect(graph.addMember('d', 'b1', 1)).toBeUndefined();
    expect(graph.get('d')?.resolve(any)?.name).toBe('b1');
    graph.removeMember('d', 'b1');
    expect(graph.get('d')?.resolve(any)).toBeUndefined();
  });

  test('a member added twice has two turns, and is removed one entry at a time, the first one first', () => {
    const graph = graphOf({ directors: [director('d', 'round_robin', ['b0', 'b1'])] });
    graph.addMember('d', 'b0', 1);
    const round = (length: number) => Array.from({ length }, () => graph.get('d')?.resolve(any)?.name);
    expect(round(3)).toEqual(['b0', 'b1', 'b0']);
    graph.removeMember('d', 'b0');
    expect(round(2)).toEqual(['b1', 'b0']);
    graph.setHealth(identityOf('b1'), ordered('sick'));
    expect(round(2)).toEqual(['b0', 'b0']);
    graph.removeMember('d', 'b0');
    expect(graph.get('d')?.healthy).toBe(false);
  });

  test('removing what is no member changes nothing, as in varnishd', () => {
    const graph = graphOf({ directors: [director('d', 'round_robin', ['b0'])] });
    expect(graph.removeMember('d', 'b1')).toBeUndefined();
    expect(graph.get('d')?.resolve(any)?.name).toBe('b0');
  });

  test('are described as they are now, and the declaration stays what it was', () => {
    const declared = director('d', 'hash', [member('b0', 2)]);
    const graph = graphOf({ directors: [declared] });
    graph.addMember('d', 'b1', 0.5);
    graph.removeMember('d', 'b0');
    expect(graph.describeMembers()).toEqual([{ ...declared, members: [member('b1', 0.5)] }]);
    expect(declared.members).toEqual([member('b0', 2)]);
  });

  test.each([
    ['nowhere', 'b0', 1, 'there is no director nowhere'],
    ['b0', 'b1', 1, 'there is no director b0'],
    ['inner', 'b9', 1, 'there is no backend, director or saintmode object b9'],
    ['inner', 'b0', -1, 'weight of b0 is -1'],
    ['inner', 'b0', Number.NaN, 'weight of b0 is NaN'],
    ['inner', 'inner', 1, 'inner > inner'],
    ['inner', 'outer', 1, 'inner > outer > middle > inner'],
  ])('adding to %s: %s with weight %d is refused', (to, target, weight, message) => {
    const graph = graphOf({
      directors: [
        director('inner', 'random', ['b0']),
        director('middle', 'fallback', ['b1', 'inner']),
        director('outer', 'fallback', ['b2', 'middle']),
      ],
    });
    const before = graph.describeMembers();
    const error = graph.addMember(to, target, weight);
    expect(error).toBeInstanceOf(TroupeError);
    expect(error?.message).toContain(message);
    expect(graph.describeMembers()).toEqual(before);
  });

  test('removing from or of what does not exist is refused', () => {
    const graph = graphOf({ directors: [director('d', 'round_robin', ['b0'])] });
    expect(graph.removeMember('nowhere', 'b0')?.message).toContain('no director nowhere');
    expect(graph.removeMember('d', 'b9')?.message).toContain('b9');
  });
});

describe('a config that cannot be', () => {
  const place = { file: 'a.config.ts', line: 7, column: 3 };

  test.each<[string, Parameters<typeof graphOf>[0]]>([
    [
      'other > cyclic > other',
      { directors: [director('cyclic', 'hash', ['other']), director('other', 'hash', ['cyclic'])] },
    ],
    ['b7', { directors: [director('d', 'hash', ['b7'])] }],
    ['weight of b0 is -0.5', { directors: [director('d', 'hash', [member('b0', -0.5)])] }],
    ['name is taken', { directors: [director('b0', 'hash', [])] }],
    ['there is no backend b8', { saintmodes: [{ name: 'sm', backend: 'b8', threshold: 1 }] }],
  ])('is refused, naming the mistake and its place: %s', (message, { directors = [], saintmodes = [] }) => {
    const create = () =>
      graphOf({
        directors: directors.map((one) => ({ ...one, place })),
        saintmodes: saintmodes.map((one) => ({ ...one, place })),
      });
    expect(create).toThrow(expect.objectContaining({ code: 'config.invalid', place }));
    expect(create).toThrow(message);
  });
});

describe('whatever happens', () => {
  const backends = ['b0', 'b1', 'b2', 'b3'];
  const objects = ['aa', 'bb', 'cc'];
  const policies: readonly PolicyDeclaration[] = [
    { kind: 'round_robin' },
    { kind: 'fallback', sticky: false },
    { kind: 'fallback', sticky: true },
    { kind: 'random' },
    { kind: 'hash' },
  ];
  const saintmodes = fc
    .array(fc.record({ backend: fc.constantFrom(...backends), threshold: fc.nat(3) }), {
      maxLength: 5,
    })
    .map((list) => list.map((one, i): SaintmodeDeclaration => ({ name: `sm${i}`, ...one })));
  const weight = fc.constantFrom(0, 0.1, 0.7, 1, 3);
  const sketch = fc.record({
    policy: fc.constantFrom(...policies),
    members: fc.array(fc.record({ target: fc.nat(), weight }), { maxLength: 5 }),
  });
  const operation = fc.record({
    type: fc.constantFrom('pick', 'pick', 'pick', 'health', 'deny', 'deny', 'lift', 'wait', 'add', 'remove'),
    director: fc.nat(),
    target: fc.nat(),
    weight,
    healthy: fc.boolean(),
    object: fc.constantFrom(...objects),
    ms: fc.nat(40),
    share: fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
    key: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  });

  test('a target resolves to what a naive walk picks, and to none only if it accepts none', () => {
    /** Requests that were accepted although something was denied to them. */
    let seen = 0;
    fc.assert(
      fc.property(
        saintmodes,
        fc.array(sketch, { minLength: 1, maxLength: 5 }),
        fc.array(operation, { minLength: 20, maxLength: 60 }),
        (saintmodes, sketches, operations) => {
          now = 0;
          saints = new SaintList();
          const names = [...backends, ...saintmodes.map((saintmode) => saintmode.name)];
          const directors = sketches.map(({ policy, members }, i): DirectorDeclaration => {
            const declaration = {
              name: `d${i}`,
              policy,
              members: members.map((one) => member(names[one.target % names.length] ?? 'b0', one.weight)),
            };
            names.push(declaration.name);
            return declaration;
          });
          const graph = graphOf({ backends, directors, saintmodes });
          const naive = new NaiveTargets(directors, saintmodes, (identity) => saints.count(identity, now));
          for (const name of backends) naive.healthy.add(name);

          for (const step of operations) {
            const target = names[step.target % names.length] ?? 'b0';
            const into = `d${step.director % directors.length}`;
            const backend = backends[step.target % backends.length] ?? 'b0';
            switch (step.type) {
              case 'health':
                naive.healthy[step.healthy ? 'add' : 'delete'](backend);
                graph.setHealth(identityOf(backend), ordered(step.healthy ? 'healthy' : 'sick'));
                break;
              case 'deny':
                saints.deny(identityOf(backend), step.object, now + step.ms);
                break;
              case 'lift':
                saints.lift(identityOf(backend), step.object);
                break;
              case 'wait':
                now += step.ms;
                break;
              case 'add': {
                const isCycle = naive.contains(target, into);
                expect(graph.addMember(into, target, step.weight) !== undefined).toBe(isCycle);
                if (!isCycle) naive.directors.get(into)?.members.push(member(target, step.weight));
                break;
              }
              case 'remove':
                expect(graph.removeMember(into, target)).toBeUndefined();
                naive.remove(into, target);
                break;
              default: {
                const denied = saints.deniedFor(step.object, now);
                const request = { denied, random: () => step.share, key: () => step.key };
                const accepts = naive.accepts(target, denied);
                if (denied !== undefined && accepts) seen++;
                expect(graph.get(target)?.healthy).toBe(naive.accepts(target, undefined));
                expect(graph.get(target)?.accepts(request)).toBe(accepts);
                const picked = graph.get(target)?.resolve(request)?.name;
                expect(picked !== undefined).toBe(accepts);
                expect(picked).toBe(naive.resolve(target, request));
              }
            }
          }
          for (const name of names) expect(graph.get(name)?.healthy).toBe(naive.accepts(name, undefined));
          expect(graph.describeMembers().map((one) => one.members)).toEqual(
            directors.map((one) => naive.directors.get(one.name)?.members),
          );
        },
      ),
      { numRuns: 120000 },
    );
    expect(seen).toBeGreaterThan(500);
  });
});
