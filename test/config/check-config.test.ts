import { fc, test as property } from '@fast-check/vitest';
import { describe, expect, test } from 'vitest';
import { checkConfig } from '../../src/config/check-config.ts';
import type { Config } from '../../src/config/config.ts';
import type {
  BackendDeclaration,
  DirectorDeclaration,
  SaintmodeDeclaration,
} from '../../src/config/declaration.ts';

/** Configs as any front end could make them. */
function config(parts: Partial<Config>): Config {
  return {
    backends: [],
    directors: [],
    saintmodes: [],
    defaultTarget: undefined,
    hooks: {},
    file: undefined,
    ...parts,
  };
}

function backend(name: string, more: Partial<BackendDeclaration> = {}): BackendDeclaration {
  return { name, endpoint: { kind: 'tcp', host: 'x', port: 80 }, hostHeader: 'x', limits: {}, ...more };
}

function director(
  name: string,
  targets: readonly string[],
  more: Partial<DirectorDeclaration> = {},
): DirectorDeclaration {
  return {
    name,
    policy: { kind: 'round_robin' },
    members: targets.map((target) => ({ target, weight: 1 })),
    ...more,
  };
}

function saintmode(name: string, wrapped: string, threshold = 1): SaintmodeDeclaration {
  return { name, backend: wrapped, threshold };
}

function errorsOf(parts: Partial<Config>): string[] {
  return checkConfig(config(parts)).errors.map(({ message }) => message);
}

function warningsOf(parts: Partial<Config>): string[] {
  return checkConfig(config(parts)).warnings.map(({ message }) => message);
}

describe('names', () => {
  test('of members must be there', () => {
    const parts = { backends: [backend('app1')], directors: [director('app', ['app1', 'ap1', 'other'])] };
    const { errors } = checkConfig(config(parts));
    expect(errors.map(({ message, advice }) => [message, advice])).toEqual([
      ['app: there is no backend, director or saintmode object ap1.', "Did you mean 'app1'?"],
      ['app: there is no backend, director or saintmode object other.', undefined],
    ]);
  });

  test('of what saintmode wraps must be those of backends', () => {
    const parts = { backends: [backend('app1')], directors: [director('app', ['app1'])] };
    expect(errorsOf({ ...parts, saintmodes: [saintmode('sm', 'app')] })).toEqual([
      'sm: app is no backend, and saintmode wraps backends only.',
    ]);
    expect(errorsOf({ ...parts, saintmodes: [saintmode('sm', 'app2')] })).toEqual([
      'sm: there is no backend app2.',
    ]);
  });

  test('of the default must be there', () => {
    expect(errorsOf({ backends: [backend('app1')], defaultTarget: 'app' })).toEqual([
      'there is no backend, director or saintmode object app, which is the default.',
    ]);
  });

  test('must be different', () => {
    expect(errorsOf({ backends: [backend('a'), backend('a')], directors: [director('a', [])] })).toEqual([
      'a is the name of two things: a backend and a backend.',
      'a is the name of two things: a backend and a director.',
    ]);
  });
});

describe('cycles', () => {
  test('are named, once each', () => {
    const directors = [director('a', ['b']), director('b', ['c', 'x']), director('c', ['a', 'c'])];
    expect(errorsOf({ backends: [backend('x')], directors })).toEqual([
      'c contains itself: a -> b -> c -> a.',
      'c contains itself: c -> c.',
    ]);
  });

  property.prop([
    fc.integer({ min: 1, max: 7 }),
    fc.array(fc.tuple(fc.nat(6), fc.nat(6)), { maxLength: 14 }),
  ])('are found exactly if a director can be reached from itself', (count, edges) => {
    const inside = edges.filter(([from, to]) => from < count && to < count);
    const directors = Array.from({ length: count }, (_, index) =>
      director(
        `d${index}`,
        inside.filter(([from]) => from === index).map(([, to]) => `d${to}`),
      ),
    );
    // Warshall's closure, as slow and as plain as can be.
    const reach = Array.from({ length: count }, (_, from) =>
      Array.from({ length: count }, (_, to) => inside.some(([a, b]) => a === from && b === to)),
    );
    for (let via = 0; via < count; via++) {
      for (let from = 0; from < count; from++) {
        for (let to = 0; to < count; to++) {
          const row = reach[from];
          if (row !== undefined && row[via] === true && reach[via]?.[to] === true) row[to] = true;
        }
      }
    }
    const hasCycle = reach.some((row, index) => row[index]);
    expect(errorsOf({ directors }).some((message) => message.includes('contains itself'))).toBe(hasCycle);
  });
});

describe('values', () => {
  test.each<[Partial<Config>, string]>([
    [{ saintmodes: [saintmode('sm', 'b', -1)] }, 'sm: threshold must be a whole number from 0, but is -1.'],
    [
      { saintmodes: [saintmode('sm', 'b', Number.NaN)] },
      'sm: threshold must be a whole number from 0, but is NaN.',
    ],
    [
      { backends: [backend('b', { endpoint: { kind: 'tcp', host: 'x', port: 70_000 } })] },
      'b: port must be between 1 and 65535, but is 70000.',
    ],
    [
      { directors: [director('d', [], { members: [{ target: 'b', weight: Number.NaN }] })] },
      'd: the weight of b must be a number from 0, but is NaN.',
    ],
  ])('that are wrong are refused, whichever front end they come from', (parts, message) => {
    expect(errorsOf({ backends: [backend('b')], ...parts })).toEqual([message]);
  });

  test('have the place of their declaration if no better is known', () => {
    const place = { file: '/srv/x.vcl', line: 3, column: 9 };
    const { errors } = checkConfig(
      config({ backends: [backend('b', { limits: { maxConnections: -1 }, place })] }),
    );
    expect(errors[0]?.place).toEqual(place);
  });
});

describe('hooks', () => {
  test('that wait are refused', () => {
    const hooks = {
      recv: async () => undefined,
      *deliver() {},
      async *synth() {},
    } as unknown as Config['hooks'];
    const { errors } = checkConfig(config({ hooks, file: '/srv/x.ts' }));
    expect(errors.map(({ code, message, place }) => [code, message, place?.line])).toEqual([
      [
        'config.hook-async',
        'the hook recv is an async function, but hooks run to completion: they cannot wait.',
        1,
      ],
      [
        'config.hook-async',
        'the hook deliver is a generator, but hooks run to completion: they cannot wait.',
        1,
      ],
      [
        'config.hook-async',
        'the hook synth is an async generator, but hooks run to completion: they cannot wait.',
        1,
      ],
    ]);
  });

  test('that are none are refused', () => {
    const hooks = { recv: 5, backendResponce: () => undefined } as unknown as Config['hooks'];
    const { errors } = checkConfig(config({ hooks }));
    expect(errors.map(({ message, advice }) => [message, advice])).toEqual([
      ['the hook recv must be a function, but is 5.', undefined],
      ["there is no hook 'backendResponce'.", "Did you mean 'backendResponse'?"],
    ]);
  });
});

describe('warnings', () => {
  const backends = [backend('b')];

  test('are not given with errors', () => {
    expect(checkConfig(config({ directors: [director('d', []), director('d', [])] })).warnings).toEqual([]);
  });

  test('an empty director', () => {
    const parts = {
      backends,
      directors: [director('d', [])],
      defaultTarget: 'd',
      hooks: { recv: () => undefined },
    };
    expect(warningsOf(parts)).toEqual(['d has no members: requests for it get 503 until a hook adds one.']);
  });

  test('but not where a hook adds members', () => {
    const add = { addBackend: () => undefined };
    const parts = { backends, directors: [director('d', [])], defaultTarget: 'd' };
    expect(warningsOf({ ...parts, hooks: { init: () => add.addBackend() } })).toEqual([]);
  });

  test.each(['random', 'hash'] as const)('weights of 0 only, with %s', (kind) => {
    const members = [{ target: 'b', weight: 0 }];
    const directors = [director('d', [], { policy: { kind }, members })];
    expect(warningsOf({ backends, directors, defaultTarget: 'd' })).toEqual([
      'every member of d has weight 0: it never picks one, and requests for it get 503.',
    ]);
  });

  test('what gets no requests, if no hook could send any', () => {
    const parts = {
      backends: [backend('b'), backend('c')],
      directors: [director('d', ['b']), director('e', ['c', 'sm2'])],
      saintmodes: [saintmode('sm1', 'b'), saintmode('sm2', 'c')],
      defaultTarget: 'd',
    };
    expect(warningsOf(parts)).toEqual([
      'c gets no requests: no director that is used has it, it is not the default, and no hook sends any.',
      'e gets no requests: it is not the default, and no hook sends any.',
      'sm1 gets no requests: no director that is used has it as a member.',
      'sm2 gets no requests: no director that is used has it as a member.',
    ]);
    expect(warningsOf({ ...parts, hooks: { recv: () => undefined } })).toEqual([]);
  });

  test('no backend at all', () => {
    expect(warningsOf({})).toEqual(['there is no backend: what no hook answers gets 503.']);
  });
});
