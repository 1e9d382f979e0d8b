import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type ListenOptions, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { resetConnection } from '../../src/proxy/reset-connection.ts';

/** Both ends of a connection, and what the far one has seen. */
async function joined(
  where: ListenOptions,
): Promise<{ near: Socket; far: Socket; errors: string[]; seen: string[] }> {
  const server = createServer({ allowHalfOpen: true });
  server.listen(where);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const path = where.path;
  const far =
    path === undefined
      ? connect({ port: (server.address() as AddressInfo).port, host: '127.0.0.1' })
      : connect({ path });
  const [near] = await accepted;
  const errors: string[] = [];
  const seen: string[] = [];
  near.on('error', (error: NodeJS.ErrnoException) => void errors.push(`${error.code}`));
  far.on('error', (error: NodeJS.ErrnoException) => void seen.push(`${error.code}`));
  far.on('end', () => void seen.push('end'));
  return { near, far, errors, seen };
}

const tcp = { port: 0, host: '127.0.0.1' };

test('the other end sees a reset', async () => {
  const { near, far, seen } = await joined(tcp);
  far.resume();
  const closed = new Promise((resolve) => far.on('close', resolve));
  resetConnection(near);
  await closed;
  expect(seen).toEqual(['ECONNRESET']);
});

test('a unix socket, which cannot be reset, is closed', async () => {
  const path = join(tmpdir(), `troupe-reset-${process.pid}.sock`);
  onTestFinished(() => rm(path, { force: true }));
  const { near, far, seen } = await joined({ path });
  far.resume();
  const closed = new Promise((resolve) => far.on('close', resolve));
  resetConnection(near);
  await closed;
  expect(seen).toEqual(['end']);
});

test('a connection whose end is on its way is closed all the same', async () => {
  const { near, far, errors } = await joined(tcp);
  far.resume();
  const closed = once(near, 'close');
  near.end('last words');
  resetConnection(near);
  await closed;
  expect(errors).toEqual([]);
});

test('one that has gone is left alone', async () => {
  const { near, errors } = await joined(tcp);
  near.destroy();
  resetConnection(near);
  if (!near.closed) await once(near, 'close');
  expect(errors).toEqual([]);
});
