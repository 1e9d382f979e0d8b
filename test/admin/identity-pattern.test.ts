import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { findBackend, findBackends, type KnownBackend } from '../../src/admin/identity-pattern.ts';
import { TroupeError } from '../../src/errors.ts';
import { type Addresses, identityOf } from '../../src/identity.ts';

function known(name: string, addresses: Addresses, ...configs: string[]): KnownBackend {
  return { identity: identityOf(name, addresses), name, addresses, configs };
}

const four = (ipv4: string, port: number): Addresses => ({ kind: 'tcp', ipv4, port });
const both = (ipv4: string, ipv6: string, port: number): Addresses => ({ kind: 'tcp', ipv4, ipv6, port });

const aName = fc.constantFrom('b1', 'b2', 'web', 'b1.old');
const anAddress: fc.Arbitrary<Addresses> = fc.oneof(
  fc.record({
    kind: fc.constant('tcp' as const),
    port: fc.constantFrom(80, 8080),
    ipv4: fc.constantFrom('127.0.0.1', '10.0.0.1'),
  }),
  fc.record({
    kind: fc.constant('tcp' as const),
    port: fc.constantFrom(80, 8080),
    ipv6: fc.constantFrom('::1', 'fe80::2'),
  }),
  fc.record({
    kind: fc.constant('tcp' as const),
    port: fc.constantFrom(80, 8080),
    ipv4: fc.constantFrom('127.0.0.1', '10.0.0.1'),
    ipv6: fc.constantFrom('::1', 'fe80::2'),
  }),
  fc.record({ kind: fc.constant('unix' as const), path: fc.constantFrom('/run/a.sock', '/run/b.sock') }),
);
const aBackend = fc
  .tuple(aName, anAddress, fc.subarray(['boot', 'next', 'old'], { minLength: 1 }))
  .map(([name, addresses, configs]) => known(name, addresses, ...configs));
const someBackends = fc.uniqueArray(aBackend, { minLength: 1, maxLength: 12, selector: (b) => b.identity });
const anActive = fc.constantFrom(undefined, 'boot', 'next');

/** What is found, or the error's code. */
function outcome(pattern: string, backends: readonly KnownBackend[], active: string | undefined) {
  try {
    return findBackends(pattern, backends, active).map(({ identity }) => identity);
  } catch (error) {
    return (error as TroupeError).code;
  }
}

const identities = (backends: readonly KnownBackend[]) => backends.map(({ identity }) => identity);
const orUnknown = (found: readonly KnownBackend[]) =>
  found.length === 0 ? 'command.unknown-backend' : identities(found);

describe('a whole identity', () => {
  test.prop([someBackends, anActive])('always means itself alone', (backends, active) => {
    for (const one of backends) expect(findBackends(one.identity, backends, active)).toEqual([one]);
  });

  test.prop([someBackends, anActive])('never means another once it has gone', (backends, active) => {
    const [gone, ...left] = backends;
    if (gone === undefined || gone.addresses.kind === 'unix') return;
    expect(outcome(gone.identity, left, active)).toBe('command.unknown-backend');
  });
});

test.prop([someBackends, anActive, aName])('name() means all of that name', (backends, active, name) => {
  const expected = backends.filter((one) => one.name === name);
  expect(outcome(`${name}()`, backends, active)).toEqual(orUnknown(expected));
});

test.prop([someBackends, anActive, aName, fc.constantFrom(80, 8080, 81)])(
  'name(:port) means those on that port, of either family',
  (backends, active, name, port) => {
    const expected = backends.filter(
      ({ name: its, addresses }) => its === name && addresses.kind === 'tcp' && addresses.port === port,
    );
    expect(outcome(`${name}(:${port})`, backends, active)).toEqual(orUnknown(expected));
  },
);

test.prop([
  someBackends,
  anActive,
  fc.uniqueArray(fc.constantFrom<string[]>('127.0.0.1', '10.0.0.1', '::1', 'fe80::2', '192.0.2.1'), {
    minLength: 1,
  }),
])('*(address, address) means those on one of the addresses', (backends, active, wanted) => {
  const expected = backends.filter(
    ({ addresses: its }) =>
      its.kind === 'tcp' && [its.ipv4, its.ipv6].some((one) => one !== undefined && wanted.includes(one)),
  );
  expect(outcome(`*(${wanted.join(',')})`, backends, active)).toEqual(orUnknown(expected));
});

test.prop([someBackends, anActive, aName])(
  "a bare name means the active config's, or else the one and only",
  (backends, active, name) => {
    const named = backends.filter((one) => one.name === name);
    const inUse = named.filter(({ configs }) => active !== undefined && configs.includes(active));
    // b1.old is config b1's backend `old`, too, but no config is called b1 here.
    const expected = inUse.length > 0 ? inUse : named;
    const isAmbiguous = inUse.length === 0 && named.length > 1;
    expect(outcome(name, backends, active)).toEqual(
      isAmbiguous ? 'command.ambiguous-backend' : orUnknown(expected),
    );
  },
);

test.prop([someBackends, anActive, fc.constantFrom('boot', 'next'), aName])(
  'config.name means what that config declares under that name',
  (backends, active, config, name) => {
    const expected = backends.filter((one) => one.name === name && one.configs.includes(config));
    expect(outcome(`${config}.${name}`, backends, active)).toEqual(orUnknown(expected));
  },
);

test.prop([someBackends, anActive, fc.string({ maxLength: 12 })])(
  'whatever is typed finds something, or ends in an error with advice',
  (backends, active, pattern) => {
    try {
      expect(findBackends(pattern, backends, active).length).toBeGreaterThan(0);
    } catch (error) {
      expect(error).toBeInstanceOf(TroupeError);
      expect((error as TroupeError).advice).toMatch(/^Write .*\.$/);
    }
  },
);

describe('examples', () => {
  const backends = [
    known('b1', both('127.0.0.1', '::1', 8080), 'boot'),
    known('b1', four('192.168.60.1', 80), 'next'),
    known('b1', four('192.168.60.2', 81), 'old'),
    known('b2', { kind: 'unix', path: '/run/app.sock' }, 'boot', 'next'),
  ];
  const at = (...places: number[]) => places.map((place) => backends[place]?.identity);
  test.each([
    ['b1', at(0)],
    ['b1()', at(0, 1, 2)],
    ['b1(127.0.0.1)', at(0)],
    ['b1(::1)', at(0)],
    ['b1([::1])', at(0)],
    ['b1([0:0::1]:8080)', at(0)],
    ['b1(127.0.0.1:8080)', at(0)],
    ['b1(127.0.0.1:80)', 'command.unknown-backend'],
    ['b1(:80)', at(1)],
    ['b1(192.168.60.1,192.168.60.2)', at(1, 2)],
    ['b2(/run/app.sock)', at(3)],
    ['b*', at(0, 3)],
    ['next.b*', at(1, 3)],
    ['*.b1', at(0, 1, 2)],
    ['old.b1', at(2)],
    ['*(:81)', at(2)],
    ['b1(127.0.0.1:8080,)', 'command.unknown-backend'],
    ['b1(', 'command.unknown-backend'],
    ['', 'command.unknown-backend'],
  ])('%s', (pattern, expected) => {
    expect(outcome(pattern, backends, 'boot')).toEqual(expected);
  });

  test('one is asked for and several are meant: the error lists them', () => {
    expect(() => findBackend('b1()', backends, 'boot')).toThrow(
      '"b1()" means more than one backend: b1(127.0.0.1:8080,[::1]:8080) b1(192.168.60.1:80,) b1(192.168.60.2:81,).',
    );
    expect(findBackend('b2', backends, 'boot').identity).toBe('b2(/run/app.sock)');
  });

  test('thousands of candidates are not all listed', () => {
    const many = Array.from({ length: 5_000 }, (_, i) => known('b', four('10.0.0.1', i + 1), 'boot'));
    expect(() => findBackends('x', many, 'boot')).toThrow(/and 4990 more\.$/);
  });
});
