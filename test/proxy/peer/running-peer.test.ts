/** Sentences of vmod_peer and of its README, and what its users wished for; in simulated time. */
import { describe, expect, test } from 'vitest';
import { Fields } from '../../../src/proxy/http/fields.ts';
import { PeerWorld } from '../../support/peer-world.ts';

const [first] = [0];
const threadOf = (world: PeerWorld, index = first) => {
  const thread = world.threads.live[index];
  if (thread === undefined) throw new Error('no such thread');
  return thread;
};

describe('threads', () => {
  test('one by default, at least and at most', async () => {
    const world = await PeerWorld.with();
    expect([world.peer.threads, world.peer.minThreads, world.peer.maxThreads]).toEqual([1, 1, 1]);
  });

  test('raising the minimum starts threads at once', async () => {
    const world = await PeerWorld.with();
    world.peer.setThreads(3, 0);
    expect([world.peer.minThreads, world.peer.maxThreads]).toEqual([3, 3]);
    world.settle();
    expect(world.peer.threads).toBe(3);
    expect(world.clock.now()).toBe(0);
  });

  test('lowering the maximum ends excess ones at once, but none before its operation has ended', async () => {
    const world = await PeerWorld.with({ minThreads: 3, maxThreads: 3 });
    for (let i = 0; i < 3; i++) world.queue();
    world.settle();
    for (const thread of world.threads.live) thread.begin();
    world.peer.setThreads(0, 1);
    world.settle();
    expect([world.peer.threads, world.threads.live.length]).toEqual([1, 3]);
    for (const thread of world.threads.live) thread.finish();
    world.settle();
    expect([world.peer.threads, world.threads.live.length]).toEqual([1, 1]);
    expect(world.figures()).toMatchObject({ done: 3, failed: 0 });
  });

  test('idle ones end before busy ones', async () => {
    const world = await PeerWorld.with({ minThreads: 2, maxThreads: 2 });
    world.queue();
    world.settle();
    const busy = world.threads.live.find(({ orders }) => orders.length > 0);
    busy?.begin();
    world.clock.advance(100);
    world.peer.setThreads(1, 1);
    world.settle();
    expect(world.threads.live).toEqual([busy]);
  });

  test('their number follows the load, and falls back after an idle time', async () => {
    const world = await PeerWorld.with({ maxThreads: 4 });
    for (let i = 0; i < 50; i++) world.queue();
    const counts = [1, 2, 3, 4].map(() => {
      world.clock.advance(100);
      world.settle();
      return world.peer.threads;
    });
    expect(counts).toEqual([2, 4, 4, 4]);
    while (world.peer.pending > 0 || world.figures().running > 0) {
      for (const thread of world.threads.live) {
        thread.begin();
        thread.finish();
      }
    }
    world.clock.advance(9_000);
    expect(world.peer.threads).toBe(4);
    world.clock.advance(2_000);
    world.settle();
    expect(world.peer.threads).toBe(1);
  });

  test('one that dies is replaced, and its operation has failed', async () => {
    const world = await PeerWorld.with();
    world.queue();
    world.queue();
    world.settle();
    threadOf(world).begin();
    threadOf(world).die();
    world.settle();
    expect(world.figures()).toMatchObject({ threads: 1, failed: 1, pending: 1, threadsDied: 1 });
    expect(world.entries).toMatchObject([
      { kind: 'thread-died', identity: 'neighbour(10.9.1.111:8888)', thread: 1 },
      { kind: 'failed', url: '/1', attempt: 1, cause: 'thread-died', message: 'it died' },
    ]);
    threadOf(world).begin();
    threadOf(world).finish();
    expect(world.begun()).toEqual(['/1', '/2']);
  });
});

describe('pending', () => {
  test('counts the request just queued, until it is initiated, not until it has ended', async () => {
    const world = await PeerWorld.with();
    world.queue();
    expect(world.peer.pending).toBe(1);
    world.settle();
    expect(world.peer.pending).toBe(1);
    threadOf(world).begin();
    expect(world.peer.pending).toBe(0);
    expect(world.figures().running).toBe(1);
    threadOf(world).finish();
    expect(world.figures()).toMatchObject({ pending: 0, running: 0, done: 1 });
  });

  test('what a thread was given ahead waits for no thread that is stuck while another has nothing to do', async () => {
    const world = await PeerWorld.with({ minThreads: 2, maxThreads: 2 });
    for (let i = 0; i < 8; i++) world.queue();
    world.settle();
    const [stuck, other] = [threadOf(world, 0), threadOf(world, 1)];
    stuck.begin();
    for (let i = 0; i < 7; i++) {
      other.begin();
      other.finish();
      world.settle();
    }
    expect(world.figures()).toMatchObject({ done: 7, pending: 0, running: 1 });
  });
});

describe('set', () => {
  test('names host and port; port 0 means 80; what is neither is ignored', async () => {
    const world = await PeerWorld.with({ destination: undefined });
    const destination = () => {
      world.queue();
      world.settle();
      const { host, port } = threadOf(world).orders[0] ?? {};
      threadOf(world).begin();
      threadOf(world).finish();
      return [host, port];
    };
    // Never called: the Host field says where.
    expect(destination()).toEqual(['example.com', 80]);
    world.peer.set('10.9.1.111', 8888);
    expect(destination()).toEqual(['10.9.1.111', 8888]);
    world.peer.set('10.9.1.112', 0);
    expect(destination()).toEqual(['10.9.1.112', 80]);
    world.peer.set('', 1);
    world.peer.set('x y', 1);
    world.peer.set('10.9.1.113', 65_536);
    expect(destination()).toEqual(['10.9.1.112', 80]);
  });

  test("does not set the Host field: that is the snapshot's", async () => {
    const world = await PeerWorld.with();
    world.queue();
    world.settle();
    expect(threadOf(world).orders[0]?.head).toContain('\r\nHost: example.com\r\n');
  });
});

test('timeouts are those of the moment at which a thread is given the operation', async () => {
  const world = await PeerWorld.with({ timeoutMs: 500, connectTimeoutMs: 100 });
  world.peer.setTimeout(700);
  world.peer.setConnectTimeout(300);
  world.queue();
  world.settle();
  expect(threadOf(world).orders).toMatchObject([{ timeoutMs: 700, connectTimeoutMs: 300 }]);
});

test('bytes of a body are those of the moment of the call', async () => {
  const world = await PeerWorld.with();
  const body = new Uint8Array([1, 2, 3]);
  world.queue(body);
  body.fill(0);
  world.settle();
  expect(threadOf(world).orders[0]?.body).toEqual(new Uint8Array([1, 2, 3]));
});

describe('a full queue', () => {
  test('refuses the new one, counts it, and tells of it once a second', async () => {
    const world = await PeerWorld.with({ maxQueue: 2 });
    const accepted = Array.from({ length: 5 }, () => world.queue());
    expect(accepted).toEqual([true, true, false, false, false]);
    expect(world.figures()).toMatchObject({ accepted: 2, refused: 3, pending: 2 });
    expect(world.entries).toMatchObject([{ kind: 'refused', count: 1 }]);
    world.clock.advance(1_000);
    world.queue();
    world.clock.advance(5_000);
    expect(world.entries.map((entry) => 'count' in entry && entry.count)).toEqual([1, 2, 1]);
    expect(world.entries[0]?.message).toBe('1 operations refused: 2 are pending, which is the limit');
  });

  test('drops the oldest, if that is the policy', async () => {
    const world = await PeerWorld.with({ maxQueue: 2, whenFull: 'drop-oldest' });
    for (let i = 0; i < 4; i++) expect(world.queue()).toBe(true);
    expect(world.results).toMatchObject([
      { url: '/1', outcome: 'undelivered', cause: 'dropped', attempts: 0 },
      { url: '/2', outcome: 'undelivered', cause: 'dropped', attempts: 0 },
    ]);
    expect(world.figures()).toMatchObject({ accepted: 4, dropped: 2, pending: 2, refused: 0 });
  });

  test('drops nothing for a request that cannot be sent', async () => {
    const world = await PeerWorld.with({ maxQueue: 1, whenFull: 'drop-oldest', destination: undefined });
    world.queue();
    const queue = (url: string, fields: string[], body?: string) =>
      world.peer.queue({ method: 'GET', url, proto: 'HTTP/1.1', http: new Fields(fields) }, body);
    expect(() => queue('no path', ['Host', 'a.example'])).toThrow('cannot be sent to a peer');
    expect(() => queue('/', ['Host', 'a.example'], null as never)).toThrow(
      'must be a string or a Uint8Array',
    );
    expect(queue('/', [])).toBe(false);
    expect(world.figures()).toMatchObject({ accepted: 1, dropped: 0, pending: 1, refused: 1 });
  });

  test('a shorter limit keeps what waits already', async () => {
    const world = await PeerWorld.with();
    for (let i = 0; i < 3; i++) world.queue();
    world.peer.setMaxQueue(2);
    expect(world.queue()).toBe(false);
    expect(world.peer.pending).toBe(3);
  });
});

describe('retries', () => {
  test('are off by default', async () => {
    const world = await PeerWorld.with();
    world.queue();
    world.settle();
    threadOf(world).begin();
    threadOf(world).finish('timeout');
    expect(world.results).toMatchObject([{ outcome: 'failed', attempts: 1, cause: 'timeout' }]);
    expect(world.entries).toMatchObject([
      { kind: 'failed', attempt: 1, cause: 'timeout', retryInMs: undefined },
    ]);
  });

  test('come after pauses that grow, are on record, and end with the last attempt', async () => {
    const world = await PeerWorld.with({ retries: 2 });
    world.queue();
    world.settle();
    for (const pause of [75, 150]) {
      threadOf(world).begin();
      threadOf(world).finish('connect-failed');
      expect(world.figures()).toMatchObject({ pending: 1, running: 0, failed: 0 });
      world.clock.advance(pause - 1);
      expect(threadOf(world).orders).toHaveLength(0);
      world.clock.advance(1);
      world.settle();
      expect(threadOf(world).orders).toHaveLength(1);
    }
    threadOf(world).begin();
    threadOf(world).finish('connect-failed');
    const delays = world.entries.map((entry) => entry.kind === 'failed' && entry.retryInMs);
    expect(delays).toEqual([75, 150, undefined]);
    expect(world.results).toMatchObject([{ outcome: 'failed', attempts: 3 }]);
    world.settle();
    const planned = world.messages.filter(({ event }) => event.type === 'peer.retry-planned');
    expect(planned.map(({ event }) => event)).toMatchObject([
      { operation: 1, attempt: 1, random: 0.5, delayMs: 75 },
      { operation: 1, attempt: 2, random: 0.5, delayMs: 150 },
    ]);
  });

  test('a success after a failure is a success', async () => {
    const world = await PeerWorld.with({ retries: 1 });
    world.queue();
    world.settle();
    threadOf(world).begin();
    threadOf(world).finish('status');
    world.clock.advance(100);
    threadOf(world).begin();
    threadOf(world).finish();
    expect(world.results).toMatchObject([{ outcome: 'done', attempts: 2, status: 200 }]);
    expect(world.figures()).toMatchObject({ done: 1, failed: 0, started: 2, retried: 1 });
  });
});

describe('when the config goes', () => {
  test('it waits for the queue', async () => {
    const world = await PeerWorld.with();
    for (let i = 0; i < 3; i++) world.queue();
    const stopped = world.control.stop();
    for (let i = 0; i < 3; i++) {
      world.settle();
      expect(world.data.figures().peers).toHaveLength(1);
      threadOf(world).begin();
      threadOf(world).finish();
    }
    world.settle();
    await stopped;
    expect(world.results.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'done']);
    expect(world.threads.live).toEqual([]);
  });

  test('it waits no longer than the drain timeout, and what is left is reported', async () => {
    const world = await PeerWorld.with({}, 5_000);
    for (let i = 0; i < 3; i++) world.queue();
    world.settle();
    threadOf(world).begin();
    const stopped = world.control.stop();
    world.clock.advance(5_000);
    world.settle();
    await stopped;
    expect(world.results).toMatchObject([
      {
        url: '/1',
        outcome: 'undelivered',
        cause: 'discarded',
        attempts: 1,
        message: 'not ended at attempt 1',
      },
      { url: '/2', outcome: 'undelivered', cause: 'discarded', attempts: 0, message: 'not initiated' },
      { url: '/3', outcome: 'undelivered', cause: 'discarded', attempts: 0, message: 'not initiated' },
    ]);
    expect(world.entries).toMatchObject([{ kind: 'undelivered', count: 3 }]);
    expect(world.threads.live).toEqual([]);
  });

  test('no actor is left', async () => {
    const world = await PeerWorld.with({ minThreads: 2, maxThreads: 4 });
    const stopped = world.control.stop();
    world.settle();
    await stopped;
    world.settle();
    expect(world.control.sizes()).toMatchObject({ peerPool: 0, peerWorker: 0 });
    expect(world.faults).toEqual([]);
  });
});
