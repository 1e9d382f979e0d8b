import { afterEach, expect, test } from 'vitest';
import { backend, type ProbeOptions } from '../src/config/backend.ts';
import { defineConfig } from '../src/config/define-config.ts';
import { createProxy } from '../src/create-proxy.ts';
import type { TroupeProxy } from '../src/troupe-proxy.ts';
import { type RawConnection, type RawOrigin, rawOrigin } from './support/raw-origin.ts';

let proxy: TroupeProxy | undefined;
let origin: RawOrigin | undefined;

afterEach(async () => {
  await proxy?.close();
  await origin?.close();
  proxy = undefined;
  origin = undefined;
});

const ok = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';

/** A proxy that begins to listen, and its backend's first probe, which nobody has answered yet. */
async function starting(probe: ProbeOptions) {
  let isListening = false;
  let tell: (connection: RawConnection) => void = () => {};
  const first = new Promise<RawConnection>((resolve) => {
    tell = resolve;
  });
  origin = await rawOrigin(async (connection, number) => {
    await connection.request();
    if (number === 1) tell(connection);
    else connection.socket.end(ok);
  });
  const app = backend({ host: '127.0.0.1', port: origin.port, probe: { timeout: '20s', ...probe } });
  proxy = createProxy(defineConfig({ backends: { app }, default: app }));
  const listening = proxy.listen({ host: '127.0.0.1', port: 0 }).then(({ port }) => {
    isListening = true;
    return port;
  });
  return { listening, isListening: () => isListening, probed: await first };
}

test('listens when one probe has decided whether a backend is healthy', async () => {
  const { listening, isListening, probed } = await starting({ window: 3, threshold: 2 });
  expect(isListening()).toBe(false);
  probed.socket.end(ok);
  await listening;
});

test.each([
  ['sick for longer than one probe', { window: 3, threshold: 2, initial: 0 }, 503],
  ['healthy from the start', { window: 3, threshold: 2, initial: 2 }, 200],
])('listens at once where initial makes a backend %s', async (_, probe, status) => {
  const { listening } = await starting(probe);
  const answer = await fetch(`http://127.0.0.1:${await listening}/`);
  expect(answer.status).toBe(status);
});
