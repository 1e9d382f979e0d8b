import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterEach, describe, expect, test } from 'vitest';
import { type DialOutcome, dial } from '../src/dial.ts';
import type { Addresses } from '../src/identity.ts';
import { type RawOrigin, rawOrigin } from './support/raw-origin.ts';

let origin: RawOrigin | undefined;
afterEach(async () => {
  await origin?.close();
  origin = undefined;
});

function dialled(addresses: Addresses): Promise<DialOutcome> {
  return new Promise((resolve) => dial(addresses, { allowHalfOpen: false }, resolve));
}

async function unusedPort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}

describe('dial', () => {
  test('takes IPv4 where both are there', async () => {
    origin = await rawOrigin(() => {});
    const outcome = await dialled({ kind: 'tcp', ipv4: '127.0.0.1', ipv6: '::1', port: origin.port });
    expect(outcome).toMatchObject({ route: 'ipv4' });
    expect(outcome.socket?.remotePort).toBe(origin.port);
    expect(outcome.socket?.eventNames()).not.toContain('error');
    outcome.socket?.destroy();
  });

  test('takes IPv6 when IPv4 refuses', async () => {
    origin = await rawOrigin(() => {}, '::1');
    const outcome = await dialled({ kind: 'tcp', ipv4: '127.0.0.1', ipv6: '::1', port: origin.port });
    expect(outcome).toMatchObject({ route: 'ipv6' });
    outcome.socket?.destroy();
  });

  test('names every address that it tried', async () => {
    const port = await unusedPort();
    expect(await dialled({ kind: 'tcp', ipv4: '127.0.0.1', ipv6: '::1', port })).toMatchObject({
      socket: undefined,
      reason: `connection refused (127.0.0.1:${port}), connection refused ([::1]:${port})`,
    });
    const path = `/tmp/${'a'.repeat(200)}.sock`;
    expect(await dialled({ kind: 'unix', path })).toMatchObject({ socket: undefined });
  });

  test('that is hung up leaves nothing open, at whichever address it is', async () => {
    origin = await rawOrigin(() => {}, '::1');
    const { port } = origin;
    const said: DialOutcome[] = [];
    dial({ kind: 'tcp', ipv6: '::1', port }, { allowHalfOpen: false }, (outcome) => said.push(outcome))();
    const hangUp = dial(
      { kind: 'tcp', ipv4: '127.0.0.1', ipv6: '::1', port },
      { allowHalfOpen: false },
      (outcome) => said.push(outcome),
    );
    // IPv4 has refused by then, and IPv6 is being tried or connected.
    await new Promise((resolve) => setImmediate(resolve));
    hangUp();
    hangUp();
    for (const { socket } of said) socket?.destroy();
    await dialled({ kind: 'tcp', ipv6: '::1', port }).then(({ socket }) => socket?.destroy());
    await origin.idle();
    expect(said.length).toBeLessThan(2);
  });
});
