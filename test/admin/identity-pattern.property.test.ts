/**
 * phk's patterns held against a naive matcher: random sets of identities, declared by random configs, and patterns that
 * are made of their parts.
 */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { findBackend, findBackends, type KnownBackend } from '../../src/admin/identity-pattern.ts';
import { TroupeError } from '../../src/errors.ts';
import type { Addresses, Identity } from '../../src/identity.ts';

const names = ['b1', 'b2', 'app', 'a.b'];
const ipv4s = ['127.0.0.1', '192.168.60.1', '10.0.0.2'];
const ipv6s = ['::1', '2001:db8::1'];
const ports = [80, 8080];
const configs = ['boot', 'next', 'old'];

interface Backend {
  readonly name: string;
  readonly ipv4: string | undefined;
  readonly ipv6: string | undefined;
  readonly port: number;
  readonly configs: readonly string[];
}

function identityOf({ name, ipv4, ipv6, port }: Backend): string {
  const four = ipv4 === undefined ? '' : `${ipv4}:${port}`;
  const six = ipv6 === undefined ? '' : `[${ipv6}]:${port}`;
  return `${name}(${four},${six})`;
}

function known(backend: Backend): KnownBackend {
  const { name, ipv4, ipv6, port } = backend;
  const addresses = { kind: 'tcp', ipv4, ipv6, port } as Addresses;
  return { identity: identityOf(backend) as Identity, name, addresses, configs: backend.configs };
}

const backend: fc.Arbitrary<Backend> = fc
  .record({
    name: fc.constantFrom(...names),
    ipv4: fc.option(fc.constantFrom(...ipv4s), { nil: undefined }),
    ipv6: fc.option(fc.constantFrom(...ipv6s), { nil: undefined }),
    port: fc.constantFrom(...ports),
    configs: fc.subarray(configs, { minLength: 1 }),
  })
  .filter(({ ipv4, ipv6 }) => ipv4 !== undefined || ipv6 !== undefined);

const backends = fc.uniqueArray(backend, { selector: identityOf, minLength: 1, maxLength: 12 });

/** One place in brackets, as it is written and as it is meant. */
interface Place {
  readonly text: string;
  readonly address: string | undefined;
  readonly port: number | undefined;
}

const place: fc.Arbitrary<Place> = fc
  .record({
    address: fc.option(fc.constantFrom(...ipv4s, ...ipv6s, '10.9.9.9'), { nil: undefined }),
    port: fc.option(fc.constantFrom(...ports, 1), { nil: undefined }),
  })
  .filter(({ address, port }) => address !== undefined || port !== undefined)
  .map(({ address, port }) => {
    const isV6 = address?.includes(':') === true;
    const host = isV6 && port !== undefined ? `[${address}]` : (address ?? '');
    return { text: port === undefined ? host : `${host}:${port}`, address, port };
  });

function isAt({ ipv4, ipv6, port }: Backend, wanted: Place): boolean {
  const isHost = wanted.address === undefined || wanted.address === ipv4 || wanted.address === ipv6;
  return isHost && (wanted.port === undefined || wanted.port === port);
}

function found(pattern: string, all: readonly Backend[], active: string | undefined): string[] | TroupeError {
  try {
    return findBackends(pattern, all.map(known), active).map(({ identity }) => identity);
  } catch (error) {
    if (error instanceof TroupeError) return error;
    throw error;
  }
}

/** What the naive matcher finds, or that it finds nothing. */
function expectFound(got: string[] | TroupeError, wanted: readonly Backend[]): void {
  if (wanted.length > 0) expect(got).toEqual(wanted.map(identityOf));
  else expect((got as TroupeError).code).toBe('command.unknown-backend');
}

const active = fc.option(fc.constantFrom(...configs), { nil: undefined });

test.prop([backends, active])('a whole identity means that one, and no other', (all, inUse) => {
  for (const one of all) expect(found(identityOf(one), all, inUse)).toEqual([identityOf(one)]);
});

test.prop([backends, active, fc.constantFrom(...names, '*', 'b?'), fc.array(place, { maxLength: 3 })])(
  'brackets mean all of the name that are at one of the places',
  (all, inUse, name, places) => {
    const isNamed = (one: string) => name === '*' || (name === 'b?' ? /^b.$/.test(one) : one === name);
    const pattern = `${name}(${places.map(({ text }) => text).join(',')})`;
    const wanted = all.filter(
      (one) => isNamed(one.name) && (places.length === 0 || places.some((each) => isAt(one, each))),
    );
    // What reads as a whole identity is one.
    const isWhole = /^[^(]+\((?:[\d.]+:\d+,(?:\[[^\]]+\]:\d+)?)\)$/.test(pattern);
    expectFound(
      found(pattern, all, inUse),
      isWhole ? all.filter((one) => identityOf(one) === pattern) : wanted,
    );
  },
);

test.prop([backends, active, fc.constantFrom('b1', 'b2', 'app', 'none')])(
  'a bare name means those of the config in use, or else the one and only, or is refused with all candidates',
  (all, inUse, name) => {
    const named = all.filter((one) => one.name === name);
    const ofActive = named.filter((one) => inUse !== undefined && one.configs.includes(inUse));
    const got = found(name, all, inUse);
    if (ofActive.length > 0) expect(got).toEqual(ofActive.map(identityOf));
    else if (named.length <= 1) expectFound(got, named);
    else {
      const { code, message } = got as TroupeError;
      expect(code).toBe('command.ambiguous-backend');
      for (const one of named.slice(0, 10)) expect(message).toContain(identityOf(one));
    }
  },
);

test.prop([backends, active, fc.constantFrom(...configs, '*'), fc.constantFrom('b*', 'b1', '*', '?pp')])(
  'a glob with a dot means what a config calls so, in all that are loaded',
  (all, inUse, config, name) => {
    const matches = (glob: string, text: string) =>
      new RegExp(`^${glob.replace(/\./g, '\\.').replace(/\*/g, '.*').replace(/\?/g, '.')}$`).test(text);
    const pattern = `${config}.${name}`;
    const wanted = all.filter((one) => one.configs.some((each) => matches(pattern, `${each}.${one.name}`)));
    expectFound(found(pattern, all, inUse), wanted);
  },
);

test.prop([backends, active, fc.constantFrom('b1()', 'app()', '*()', '*(:80)', 'b1')])(
  'whoever needs one is told all candidates where there are several',
  (all, inUse, pattern) => {
    const got = found(pattern, all, inUse);
    if (got instanceof TroupeError) return;
    const one = () => findBackend(pattern, all.map(known), inUse);
    if (got.length === 1) expect(one().identity).toBe(got[0]);
    else {
      expect(one).toThrow('means more than one backend');
      for (const identity of got.slice(0, 10)) expect(one).toThrow(identity);
    }
  },
);
