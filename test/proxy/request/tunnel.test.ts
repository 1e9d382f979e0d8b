import { once } from 'node:events';
import net from 'node:net';
import { Duplex } from 'node:stream';
import { fc, test as propertyTest } from '@fast-check/vitest';
import { afterEach, describe, expect, test } from 'vitest';
import { SilenceWatch } from '../../../src/proxy/fetch/silence-watch.ts';
import { BackendRecord } from '../../../src/proxy/request/backend-record.ts';
import { Tunnel } from '../../../src/proxy/request/tunnel.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';
import { FakeDuplex } from '../../support/fake-exchange.ts';

const turn = () => new Promise<void>((resolve) => setImmediate(resolve));
async function turns(count = 5): Promise<void> {
  for (let i = 0; i < count; i++) await turn();
}

const timeoutMs = 60_000;

function join<Client extends Duplex, Backend extends Duplex>(client: Client, backend: Backend) {
  const clock = new SimulatedClock();
  const record = new BackendRecord();
  const silence = new SilenceWatch(clock);
  let ended = 0;
  const over = new Promise<void>((resolve) => {
    made.push({ client, backend });
    tunnel = new Tunnel({
      client,
      backend,
      record,
      silence,
      timeoutMs,
      ended: () => {
        ended++;
        resolve();
      },
    });
  });
  return { client, backend, clock, record, over, tunnel, ended: () => ended };
}
let tunnel: Tunnel;
const made: { client: Duplex; backend: Duplex }[] = [];
const servers: net.Server[] = [];

afterEach(() => {
  for (const { client, backend } of made.splice(0)) {
    client.destroy();
    backend.destroy();
  }
  for (const server of servers.splice(0)) server.close();
});

/** Both ends of a connection. */
async function connection(): Promise<{ near: net.Socket; far: net.Socket }> {
  const server = net.createServer({ allowHalfOpen: true, noDelay: true }).listen(0, '127.0.0.1');
  servers.push(server);
  await once(server, 'listening');
  const { port } = server.address() as net.AddressInfo;
  const accepted = once(server, 'connection') as Promise<[net.Socket]>;
  const near = net.connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
  const [far] = await accepted;
  far.on('error', () => {});
  await once(near, 'ready');
  return { near, far };
}

/** A connection that takes nothing until it is let. */
class SlowDuplex extends Duplex {
  #waiting: (() => void) | undefined;

  override _read(): void {}

  override _write(_chunk: Buffer, _encoding: string, done: () => void): void {
    this.#waiting = done;
  }

  release(): void {
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.();
  }
}

describe('what one side sends', () => {
  test('the other one gets, and it is counted while it passes', async () => {
    const { client, backend, record, tunnel } = join(new FakeDuplex(), new FakeDuplex());
    client.push('question');
    backend.push('the answer');
    await turns();
    expect([backend.written, client.written]).toEqual(['question', 'the answer']);
    expect([tunnel.bytesFromClient, tunnel.bytesToClient]).toEqual([8, 10]);
    expect(record).toMatchObject({ bytesSent: 8, bytesReceived: 10 });
    expect(tunnel.end).toBeUndefined();
  });

  test.each(['client', 'backend'] as const)(
    'is read no faster than the other takes: %s',
    async (fastSide) => {
      const piece = Buffer.alloc(16 * 1024);
      let made = 0;
      // Said, because its default differs between versions of Node.
      const fast = new FakeDuplex({ readableHighWaterMark: piece.length });
      fast._read = () => {
        made++;
        fast.push(piece);
      };
      const slow = new SlowDuplex({ writableHighWaterMark: piece.length });
      if (fastSide === 'client') join(fast, slow);
      else join(slow, fast);
      await turns(10);
      const before = made;
      expect(before).toBeLessThanOrEqual(4);
      slow.release();
      await turns(10);
      expect(made).toBeGreaterThan(before);
      expect(made).toBeLessThanOrEqual(before + 4);
    },
  );

  test.each(['client', 'backend'] as const)(
    'takes a bounded memory while the other does not read: sockets, to the %s',
    async (stuck) => {
      const [one, other] = [await connection(), await connection()];
      join(one.near, other.near);
      const [from, to] = stuck === 'backend' ? [one, other] : [other, one];
      to.far.pause();
      const size = 64 * 1024 * 1024;
      from.far.end(Buffer.alloc(size));
      // What the sender could hand over: what kernels keep, and what the tunnel does.
      let accepted = -1;
      while (accepted !== from.near.bytesRead) {
        accepted = from.near.bytesRead;
        await turns(500);
      }
      expect(accepted).toBeLessThan(16 * 1024 * 1024);
      expect(to.near.writableLength + from.near.readableLength).toBeLessThanOrEqual(256 * 1024);
      let received = 0;
      to.far.on('data', (chunk: Buffer) => {
        received += chunk.length;
      });
      to.far.resume();
      await once(to.far, 'end');
      expect(received).toBe(size);
    },
  );
});

describe('the end of one direction', () => {
  test('leaves the other open', async () => {
    const { client, backend, ended, tunnel } = join(new FakeDuplex(), new FakeDuplex());
    client.push('last words');
    client.push(null);
    await turns();
    expect([backend.written, backend.hasEnded, client.hasEnded, ended()]).toEqual([
      'last words',
      true,
      false,
      0,
    ]);
    backend.push('and more');
    backend.push(null);
    await turns();
    expect([client.written, client.hasEnded, ended(), tunnel.end]).toEqual([
      'and more',
      true,
      1,
      'client-closed',
    ]);
    tunnel.cut();
    await turns();
    expect([ended(), tunnel.end]).toEqual([1, 'client-closed']);
  });

  test('loses no byte when the other side has still to take them', async () => {
    const size = 4 * 1024 * 1024;
    const { near, far } = await connection();
    const source = new FakeDuplex();
    const { over } = join(source, near);
    source.push(Buffer.alloc(size));
    source.push(null);
    let received = 0;
    far.on('data', (chunk: Buffer) => {
      received += chunk.length;
    });
    await once(far, 'end');
    expect(received).toBe(size);
    far.end('thanks');
    await over;
    expect(source.written).toBe('thanks');
  });
});

describe('what breaks it off', () => {
  test.each(['client', 'backend'] as const)(
    'a reset of the %s reaches the other side as one',
    async (side) => {
      const [one, other] = [await connection(), await connection()];
      const { over, tunnel } = join(one.near, other.near);
      const [leaver, stayer] = side === 'client' ? [one, other] : [other, one];
      stayer.far.resume();
      const failed = once(stayer.far, 'error');
      leaver.far.resetAndDestroy();
      expect(await failed).toMatchObject([{ code: 'ECONNRESET' }]);
      await over;
      expect(tunnel.end).toBe(`${side}-reset`);
    },
  );

  test('a reset while the end of the other direction is on its way closes both', async () => {
    const [one, other] = [await connection(), await connection()];
    const { over, tunnel } = join(one.near, other.near);
    // Its end waits behind bytes that nobody takes.
    other.far.pause();
    one.far.end(Buffer.alloc(8 * 1024 * 1024));
    while (!other.near.writableNeedDrain) await turn();
    one.far.resetAndDestroy();
    other.far.resetAndDestroy();
    await over;
    expect(tunnel.end).toMatch(/-reset$/);
    expect([one.near.closed, other.near.closed]).toEqual([true, true]);
  });

  test.each([
    ['before the end is sent', (socket: net.Socket) => void socket.write('x')],
    ['right behind an end', (socket: net.Socket) => void socket.end('x')],
  ])('a cut closes both, %s', async (_, act) => {
    const [one, other] = [await connection(), await connection()];
    const { over, tunnel, client } = join(one.near, other.near);
    one.far.resume();
    other.far.resume();
    // A reset looks like an end where bytes have been read before it.
    const closed = [one.far, other.far].map(
      (far) => new Promise((resolve) => far.on('end', resolve).on('close', resolve)),
    );
    act(one.far);
    await once(client, 'data');
    tunnel.cut();
    await over;
    expect(tunnel.end).toBe('cut');
    await Promise.all(closed);
  });

  test('one that somebody else has destroyed takes the other along', async () => {
    const { client, backend, over, tunnel } = join(new FakeDuplex(), new FakeDuplex());
    client.destroy();
    await over;
    expect([backend.destroyed, tunnel.end]).toEqual([true, 'cut']);
  });

  test('errors after the end find somebody who listens', async () => {
    const { client, backend, over } = join(new FakeDuplex(), new FakeDuplex());
    client.destroy(new Error('reset'));
    await over;
    for (const one of [client, backend]) one.emit('error', new Error('late'));
  });
});

describe('silence', () => {
  test('ends it after the timeout, which each byte from either side begins anew', async () => {
    const { client, backend, clock, over, tunnel } = join(new FakeDuplex(), new FakeDuplex());
    for (const speaker of [client, backend, client]) {
      clock.advance(timeoutMs - 1);
      speaker.push('x');
      await turns();
    }
    clock.advance(timeoutMs - 1);
    await turns();
    expect(tunnel.end).toBeUndefined();
    clock.advance(1);
    await over;
    expect([tunnel.end, client.destroyed, backend.destroyed]).toEqual(['silent', true, true]);
  });

  test('is not what a side makes that takes slowly', async () => {
    const { client, backend, clock, tunnel } = join(
      new FakeDuplex(),
      new SlowDuplex({ writableHighWaterMark: 1 }),
    );
    client.push('a');
    client.push('b');
    await turns();
    for (let i = 0; i < 2; i++) {
      clock.advance(timeoutMs - 1);
      backend.release();
      await turns();
    }
    expect(tunnel.end).toBeUndefined();
    clock.advance(timeoutMs);
    await turns();
    expect(tunnel.end).toBe('silent');
  });

  test('goes on counting when one direction has ended', async () => {
    const { client, clock, over, tunnel } = join(new FakeDuplex(), new FakeDuplex());
    client.push(null);
    await turns();
    clock.advance(timeoutMs);
    await over;
    expect(tunnel.end).toBe('silent');
  });

  test('of a byte that waits to be read is none', async () => {
    const { client, clock, tunnel } = join(new FakeDuplex(), new FakeDuplex());
    await turns();
    clock.advance(timeoutMs);
    client.push('x');
    await turns();
    expect(tunnel.end).toBeUndefined();
  });

  test('is watched no more once it is over', async () => {
    const { client, backend, clock, over, ended } = join(new FakeDuplex(), new FakeDuplex());
    client.push(null);
    backend.push(null);
    await over;
    clock.advance(2 * timeoutMs);
    await turns();
    expect(ended()).toBe(1);
  });
});

type Act =
  | { readonly does: 'say' | 'end' | 'reset' | 'destroy'; readonly side: 'client' | 'backend' }
  | { readonly does: 'cut' | 'wait' };

const side = fc.constantFrom('client' as const, 'backend' as const);
const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 6, arbitrary: fc.record({ does: fc.constant('say' as const), side }) },
  { weight: 2, arbitrary: fc.record({ does: fc.constant('end' as const), side }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('reset' as const, 'destroy' as const), side }) },
  { weight: 1, arbitrary: fc.record({ does: fc.constantFrom('cut' as const, 'wait' as const) }) },
);

propertyTest.prop([fc.array(act, { maxLength: 12 })])(
  'whatever both sides do, bytes arrive until it breaks, and it ends once, for the first reason',
  async (acts) => {
    const { client, backend, clock, record, tunnel, ended } = join(new FakeDuplex(), new FakeDuplex());
    const sides = { client, backend };
    const said = { client: '', backend: '' };
    const hasEnded = { client: false, backend: false };
    let first: string | undefined;
    let isOver = false;
    const over = (why: string) => {
      if (!isOver) first = why;
      isOver = true;
    };
    for (const [i, one] of acts.entries()) {
      switch (one.does) {
        case 'say':
          if (isOver || hasEnded[one.side]) break;
          said[one.side] += `${i},`;
          sides[one.side].push(`${i},`);
          break;
        case 'end':
          if (isOver || hasEnded[one.side]) break;
          hasEnded[one.side] = true;
          first ??= `${one.side}-closed`;
          isOver = hasEnded.client && hasEnded.backend;
          sides[one.side].push(null);
          break;
        case 'reset':
          sides[one.side].destroy(new Error('reset'));
          over(`${one.side}-reset`);
          break;
        case 'destroy':
          sides[one.side].destroy();
          over('cut');
          break;
        case 'cut':
          tunnel.cut();
          over('cut');
          break;
        case 'wait':
          clock.advance(timeoutMs);
          over('silent');
          break;
      }
      await turns(3);
    }
    expect([backend.written, client.written]).toEqual([said.client, said.backend]);
    expect(record).toMatchObject({ bytesSent: said.client.length, bytesReceived: said.backend.length });
    expect([ended(), tunnel.end]).toEqual([isOver ? 1 : 0, first]);
    expect([client.destroyed, backend.destroyed]).toEqual([isOver, isOver]);
  },
);
