import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from 'vitest';
import { type ProbeDeclaration, probeDefaults } from '../../src/config/declaration.ts';
import type { Addresses } from '../../src/identity.ts';
import type { ProbeFlags, ProbeResult } from '../../src/probe-result.ts';
import { probeOnce, probeRequestText } from '../../src/streams/probe-effect.ts';
import { type RawConnection, type RawOrigin, rawOrigin } from '../support/raw-origin.ts';

let origin: RawOrigin | undefined;
afterEach(async () => {
  await origin?.close();
  origin = undefined;
});

const declaration: ProbeDeclaration = { ...probeDefaults, timeoutMs: 20_000, initial: 2 };

function probe(addresses: Addresses, changes: Partial<ProbeDeclaration> = {}): Promise<ProbeResult> {
  return new Promise((resolve, reject) => {
    let results = 0;
    const order = { addresses, probe: { ...declaration, ...changes }, hostHeader: 'example.com' };
    probeOnce(order, (result) => {
      if (++results > 1) reject(new Error('done was called twice'));
      // Whatever follows in the same turn would call again.
      setImmediate(() => resolve(result));
    });
  });
}

async function answering(serve: (connection: RawConnection) => void | Promise<void>): Promise<Addresses> {
  origin = await rawOrigin(async (connection) => {
    await connection.request();
    await serve(connection);
  });
  return origin.target.addresses;
}

/** The letters that varnishd shows for the flags. */
function letters(flags: ProbeFlags): string {
  const { goodIpv4, goodIpv6, goodUnix, errXmit, goodXmit, errRecv, goodRecv } = flags;
  return [
    goodIpv4 && '4',
    goodIpv6 && '6',
    goodUnix && 'U',
    errXmit && 'x',
    goodXmit && 'X',
    errRecv && 'r',
    goodRecv && 'R',
  ]
    .filter(Boolean)
    .join('');
}

/** An address of a port that nobody listens on. */
async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  await new Promise((resolve) => server.close(resolve));
  return port;
}

describe('probeRequestText', () => {
  test('asks for the URL as varnishd does', () => {
    expect(probeRequestText({ ...declaration, url: '/health?a' }, 'example.com:8080')).toBe(
      'GET /health?a HTTP/1.1\r\nHost: example.com:8080\r\nConnection: close\r\n\r\n',
    );
  });

  test('sends the lines of a request as they are', () => {
    const request = ['OPTIONS * HTTP/1.1', 'Host: a', 'X: \xe9'];
    expect(probeRequestText({ ...declaration, request }, 'b')).toBe(
      'OPTIONS * HTTP/1.1\r\nHost: a\r\nX: \xe9\r\n\r\n',
    );
  });
});

describe('a probe', () => {
  test('is good when the expected status comes and the connection closes', async () => {
    let sent = '';
    const addresses = await answering(({ socket, received }) => {
      sent = received();
      socket.end('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi');
    });
    const result = await probe(addresses);
    expect(result).toMatchObject({ happy: true, reason: 'HTTP/1.1 200 OK' });
    expect(letters(result.flags)).toBe('4XR');
    expect(result.responseTimeMs).toBeGreaterThan(0);
    expect(sent).toBe('GET / HTTP/1.1\r\nHost: example.com\r\nConnection: close\r\n\r\n');
    expect(JSON.parse(JSON.stringify(result))).toEqual(result);
    await origin?.idle();
  });

  test.each([
    ['HTTP/1.1 503 No\r\n\r\n', 200, false, 'status 503 instead of 200', '4XR'],
    ['HTTP/1.1 204 No Content\r\n\r\n', 204, true, 'HTTP/1.1 204 No Content', '4XR'],
    ['HTTP/1.0 200\n', 200, true, 'HTTP/1.0 200', '4XR'],
    ['HTTP/1.1 200 OK', 200, true, 'HTTP/1.1 200 OK', '4XR'],
    ['HTTP/1.1 2000 OK\r\n\r\n', 200, false, 'status 2000 instead of 200', '4XR'],
    [`HTTP/1.1 200 ${'x'.repeat(200)}\r\n\r\n`, 200, true, `HTTP/1.1 200 ${'x'.repeat(115)}`, '4XR'],
    ['SSH-2.0-OpenSSH\r\n', 200, false, 'not HTTP: SSH-2.0-OpenSSH', '4XR'],
    ['\r\n', 200, false, 'not HTTP: ', '4XR'],
    ['', 200, false, 'empty answer', '4X'],
  ])('answered with %j, expecting %i', async (answer, expectedResponse, happy, reason, flags) => {
    const addresses = await answering(({ socket }) => {
      socket.end(answer);
    });
    const result = await probe(addresses, { expectedResponse });
    expect(result).toMatchObject({ happy, reason });
    expect(letters(result.flags)).toBe(flags);
    expect(result.responseTimeMs > 0).toBe(flags.endsWith('R'));
  });

  test('reads an answer of any length to its end', async () => {
    const addresses = await answering(({ socket }) => {
      socket.end(Buffer.concat([Buffer.from('HTTP/1.1 200 OK\r\n\r\n'), Buffer.alloc(1_000_000)]));
    });
    expect((await probe(addresses)).happy).toBe(true);
  });

  test('goes over IPv6, and to IPv6 when IPv4 refuses', async () => {
    origin = await rawOrigin(async ({ request, socket }) => {
      await request();
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
    }, '::1');
    const { port } = origin;
    expect(letters((await probe({ kind: 'tcp', ipv6: '::1', port })).flags)).toBe('6XR');
    expect(letters((await probe({ kind: 'tcp', ipv4: '127.0.0.1', ipv6: '::1', port })).flags)).toBe('6XR');
  });

  test('goes to a unix socket', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'troupe-'));
    const path = join(folder, 'app.sock');
    const server = createServer((socket) => socket.resume().end('HTTP/1.1 200 OK\r\n\r\n')).listen(path);
    await new Promise((resolve) => server.once('listening', resolve));
    try {
      const result = await probe({ kind: 'unix', path });
      expect([letters(result.flags), result.happy]).toEqual(['UXR', true]);
    } finally {
      await new Promise((resolve) => server.close(resolve));
      await rm(folder, { recursive: true });
    }
    expect((await probe({ kind: 'unix', path })).reason).toBe(`no connection: no such socket (${path})`);
  });

  test('fails without flags when nobody listens', async () => {
    const port = await unusedPort();
    const result = await probe({ kind: 'tcp', ipv4: '127.0.0.1', ipv6: '::1', port });
    expect(result).toMatchObject({ happy: false, responseTimeMs: 0 });
    expect(result.reason).toBe(
      `no connection: connection refused (127.0.0.1:${port}), connection refused ([::1]:${port})`,
    );
    expect(letters(result.flags)).toBe('');
  });

  test('fails when the connection is reset', async () => {
    const addresses = await answering(({ socket }) => {
      socket.resetAndDestroy();
    });
    const result = await probe(addresses);
    expect(result).toMatchObject({ happy: false, reason: 'connection reset while it answered' });
    expect(letters(result.flags)).toBe('4Xr');
  });

  test.each([
    ['nothing', '', true, 'no answer within 0.05 s'],
    ['an answer but no close', 'HTTP/1.1 200 OK\r\n\r\n', true, 'answered, but did not close within 0.05 s'],
    ['half a head', 'HTTP/1.1 200 OK\r\n', false, 'no whole head within 0.05 s'],
  ])('fails at its timeout when there is %s', async (_, answer, expectClose, reason) => {
    const addresses = await answering(({ socket }) => {
      socket.write(answer);
    });
    const result = await probe(addresses, { timeoutMs: 50, expectClose });
    expect(result).toMatchObject({ happy: false, reason, responseTimeMs: 0 });
    expect(letters(result.flags)).toBe('4Xr');
    await origin?.idle();
  });

  test('judges by the head when no close is expected', async () => {
    const addresses = await answering(async ({ socket }) => {
      for (const byte of 'HTTP/1.1 200 OK\r\nX: y\r\n\r\nmore') {
        await new Promise((resolve) => socket.write(byte, resolve));
      }
    });
    expect(await probe(addresses, { expectClose: false })).toMatchObject({ happy: true });
    await origin?.idle();
  });

  test('that is called off says nothing and leaves nothing open', async () => {
    let asked = (): void => {};
    const wasAsked = new Promise<void>((resolve) => {
      asked = resolve;
    });
    const addresses = await answering(() => asked());
    const order = { addresses, probe: declaration, hostHeader: 'a' };
    const said: ProbeResult[] = [];
    const callOff = probeOnce(order, (result) => said.push(result));
    await wasAsked;
    callOff();
    callOff();
    // While connecting, and before anything has happened.
    probeOnce(order, (result) => said.push(result))();
    await origin?.idle();
    expect(said).toEqual([]);
  });

  test('is one of a thousand', async () => {
    const addresses = await answering(({ socket }) => {
      socket.end('HTTP/1.1 200 OK\r\n\r\n');
    });
    const results = await Promise.all(Array.from({ length: 1_000 }, () => probe(addresses)));
    expect(results.filter(({ happy }) => happy)).toHaveLength(1_000);
    await origin?.idle();
  });
});
