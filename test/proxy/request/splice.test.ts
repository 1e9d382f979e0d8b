import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { expect, test } from 'vitest';
import { splice } from '../../../src/proxy/request/splice.ts';
import { FakeDuplex } from '../../support/fake-exchange.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A connection that takes nothing until it is let. */
class SlowDuplex extends Duplex {
  #waiting: (() => void) | undefined;
  taken = 0;

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.taken += chunk.length;
    this.#waiting = done;
  }

  release(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

test('reads no faster than the other side takes', async () => {
  const piece = Buffer.alloc(16 * 1024);
  let made = 0;
  // Said, because its default differs between versions of Node.
  const fast = new FakeDuplex({ readableHighWaterMark: piece.length });
  fast._read = () => {
    made++;
    fast.push(piece);
  };
  const slow = new SlowDuplex({ writableHighWaterMark: piece.length });
  const cut = splice(fast, slow, () => {});
  for (let i = 0; i < 10; i++) await turn();
  const before = made;
  expect(before).toBeLessThanOrEqual(4);
  slow.release();
  for (let i = 0; i < 10; i++) await turn();
  expect(made).toBeGreaterThan(before);
  cut();
});

test('is over when both have closed, whichever way', async () => {
  const [one, other] = [new FakeDuplex(), new FakeDuplex()];
  let ended = 0;
  const cut = splice(one, other, () => ended++);
  one.push('last words');
  one.push(null);
  other.push(null);
  for (let i = 0; i < 5; i++) await turn();
  expect([ended, other.written]).toEqual([1, 'last words']);
  cut();
  await turn();
  expect(ended).toBe(1);
});

test('loses no byte when one side ends while the other has still to take them', async () => {
  const size = 4 * 1024 * 1024;
  const server = net.createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const near = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true });
  const [far] = await accepted;

  const source = new FakeDuplex();
  const ended = new Promise<void>((resolve) => splice(source, near, resolve));
  source.push(Buffer.alloc(size));
  source.push(null);
  let received = 0;
  far.on('data', (chunk: Buffer) => {
    received += chunk.length;
  });
  await once(far, 'end');
  expect(received).toBe(size);
  far.end('thanks');
  await ended;
  expect(source.written).toBe('thanks');
  server.close();
});
