import { describe, expect, test } from 'vitest';
import { mistakesOf } from '../../src/config/combined-error.ts';
import type { BackendDeclaration } from '../../src/config/declaration.ts';
import { type HostLookup, resolveBackends } from '../../src/config/resolve-hosts.ts';
import type { TroupeError } from '../../src/errors.ts';

function backend(name: string, host: string, changes: Partial<BackendDeclaration> = {}): BackendDeclaration {
  return { name, endpoint: { kind: 'tcp', host, port: 80 }, hostHeader: host, limits: {}, ...changes };
}

/** A resolver that knows a few hosts, and counts how often it is asked. */
function resolver(hosts: Readonly<Record<string, readonly string[]>>) {
  const asked: string[] = [];
  const lookup: HostLookup = async (host) => {
    asked.push(host);
    const addresses = hosts[host];
    if (addresses === undefined) throw Object.assign(new Error(`getaddrinfo ${host}`), { code: 'ENOTFOUND' });
    return addresses.map((address) => ({ address }));
  };
  return { asked, lookup };
}

async function failure(backends: readonly BackendDeclaration[], lookup: HostLookup, deadlineMs?: number) {
  return resolveBackends(backends, lookup, deadlineMs).then(
    () => expect.fail('it resolved'),
    (error: TroupeError) => error,
  );
}

describe('resolveBackends', () => {
  test.each([
    ['127.0.0.1', 'b(127.0.0.1:80,)'],
    ['::1', 'b(,[::1]:80)'],
    ['[::1]', 'b(,[::1]:80)'],
    ['0:0:0:0:0:0:0:1', 'b(,[::1]:80)'],
    ['[2001:DB8:0:0::5]', 'b(,[2001:db8::5]:80)'],
    ['fe80::1%eth0', 'b(,[fe80::1%eth0]:80)'],
  ])('takes the address %s without looking it up', async (host, identity) => {
    const { asked, lookup } = resolver({});
    const [resolved] = await resolveBackends([backend('b', host)], lookup);
    expect(resolved?.identity).toBe(identity);
    expect(asked).toEqual([]);
  });

  test('takes a unix socket without looking it up', async () => {
    const { asked, lookup } = resolver({});
    const endpoint = { kind: 'unix', path: '/run/app.sock' } as const;
    const [resolved] = await resolveBackends([backend('b', '', { endpoint })], lookup);
    expect(resolved?.identity).toBe('b(/run/app.sock)');
    expect(resolved?.addresses).toEqual(endpoint);
    expect(asked).toEqual([]);
  });

  test.each([
    [['10.0.0.1'], 'b(10.0.0.1:80,)'],
    [['2001:db8::1'], 'b(,[2001:db8::1]:80)'],
    [['2001:db8::1', '10.0.0.1'], 'b(10.0.0.1:80,[2001:db8::1]:80)'],
    [['10.0.0.1', '10.0.0.1', '2001:DB8::1', '2001:db8:0::1'], 'b(10.0.0.1:80,[2001:db8::1]:80)'],
  ])('takes a host with the addresses %j', async (addresses, identity) => {
    const { lookup } = resolver({ 'example.com': addresses });
    const [resolved] = await resolveBackends([backend('b', 'example.com')], lookup);
    expect(resolved?.identity).toBe(identity);
  });

  test('asks for each host once, and keeps the backends in order and as declared', async () => {
    const { asked, lookup } = resolver({ a: ['10.0.0.1'], b: ['10.0.0.2'] });
    const backends = ['a', 'b', 'a', '10.0.0.3', 'b', 'a'].map((host, i) => backend(`b${i}`, host));
    const resolved = await resolveBackends(backends, lookup);
    expect(resolved.map(({ name, identity }) => `${name} ${identity}`)).toEqual([
      'b0 b0(10.0.0.1:80,)',
      'b1 b1(10.0.0.2:80,)',
      'b2 b2(10.0.0.1:80,)',
      'b3 b3(10.0.0.3:80,)',
      'b4 b4(10.0.0.2:80,)',
      'b5 b5(10.0.0.1:80,)',
    ]);
    expect(asked.sort()).toEqual(['a', 'b']);
    expect(resolved[0]).toMatchObject(backends[0] as BackendDeclaration);
  });

  test('completes the limits with the defaults', async () => {
    const [resolved] = await resolveBackends([backend('b', '10.0.0.1', { limits: { maxConnections: 3 } })]);
    expect(resolved?.limits).toEqual({
      connectTimeoutMs: 3_500,
      firstByteTimeoutMs: 60_000,
      betweenBytesTimeoutMs: 60_000,
      maxConnections: 3,
      waitLimit: 0,
      waitTimeoutMs: 30_000,
    });
  });

  test('knows localhost', async () => {
    const [resolved] = await resolveBackends([backend('b', 'localhost')]);
    expect(resolved?.identity).toMatch(/^b\((127\.\d+\.\d+\.\d+:80)?,(\[::1\]:80)?\)$/);
    expect(resolved?.identity).not.toBe('b(,)');
  });

  test('never has many lookups under way', async () => {
    let running = 0;
    let most = 0;
    const lookup: HostLookup = async () => {
      most = Math.max(most, ++running);
      await Promise.resolve();
      running--;
      return [{ address: '10.0.0.1' }];
    };
    await resolveBackends(
      Array.from({ length: 200 }, (_, i) => backend(`b${i}`, `host${i}`)),
      lookup,
    );
    expect(most).toBeLessThanOrEqual(4);
    expect(most).toBeGreaterThan(1);
  });

  test('tells of too many addresses, all of them', async () => {
    const place = { file: '/etc/a.ts', line: 3, column: 5 };
    const { lookup } = resolver({ 'example.com': ['10.0.0.1', '10.0.0.2', '2001:db8::1'] });
    const error = await failure([backend('b1', 'example.com', { place })], lookup);
    expect(error).toMatchObject({
      code: 'config.unresolvable',
      side: 'troupe',
      place,
      message: 'backend "b1": the host "example.com" has too many addresses: 10.0.0.1, 10.0.0.2, 2001:db8::1',
    });
    expect(error.advice).toMatch(/^One IPv4 and one IPv6 address are allowed/);
  });

  test('tells of every host that cannot be resolved, and why', async () => {
    const { lookup } = resolver({ none: [] });
    const error = await failure(
      [backend('b1', 'nowhere.example'), backend('b2', '10.0.0.1'), backend('b3', 'none')],
      lookup,
    );
    expect(error.code).toBe('config.unresolvable');
    expect(mistakesOf(error).map(({ message }) => message)).toEqual([
      'backend "b1": the host "nowhere.example" could not be resolved: no such host',
      'backend "b3": the host "none" has neither an IPv4 nor an IPv6 address',
    ]);
    for (const mistake of mistakesOf(error)) expect(mistake.advice).toBeTruthy();
  });

  test('waits for the resolver no longer than the deadline', async () => {
    const lookup: HostLookup = (host) =>
      host === 'quick' ? Promise.resolve([{ address: '10.0.0.1' }]) : new Promise(() => {});
    const error = await failure(
      [backend('b1', 'quick'), backend('b2', 'slow'), backend('b3', 'slower')],
      lookup,
      50,
    );
    expect(mistakesOf(error).map(({ message }) => message)).toEqual([
      'backend "b2": the host "slow" could not be resolved: no answer within 0.05 s',
      'backend "b3": the host "slower" could not be resolved: no answer within 0.05 s',
    ]);
  });
});
