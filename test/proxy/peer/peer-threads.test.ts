/** Real worker threads: what they take and give back, and that none is left. */
import { afterEach, expect, test } from 'vitest';
import type { PeerAnswer, PeerOrder } from '../../../src/proxy/peer/order.ts';
import { createPeerThreads, type PeerThread } from '../../../src/proxy/peer/peer-threads.ts';
import { Origin } from '../../support/origin.ts';

const cleanUps: (() => unknown)[] = [];

afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

async function sink(): Promise<Origin> {
  const origin = await Origin.start('sink');
  cleanUps.push(() => origin.close());
  return origin;
}

interface Running {
  readonly thread: PeerThread;
  readonly answers: PeerAnswer[];
  readonly gone: Promise<string | undefined>;
  /** Resolves when so many orders have been answered. */
  answered(count: number): Promise<void>;
}

/** @param program in place of the real one */
async function startThread(program?: string): Promise<Running> {
  const threads = createPeerThreads(program);
  const answers: PeerAnswer[] = [];
  let onAnswers = () => {};
  let onGone = (_reason: string | undefined) => {};
  const gone = new Promise<string | undefined>((resolve) => {
    onGone = resolve;
  });
  let thread: PeerThread | undefined;
  await new Promise<void>((resolve) => {
    thread = threads.start({
      onReady: resolve,
      onAnswers: (some) => {
        answers.push(...some);
        onAnswers();
      },
      onGone: (reason) => onGone(reason),
    });
  });
  const started = thread as PeerThread;
  cleanUps.push(() => {
    started.end();
    return threads.ended();
  });
  const answered = (count: number) =>
    new Promise<void>((resolve) => {
      onAnswers = () => {
        if (answers.length >= count) resolve();
      };
      onAnswers();
    });
  return { thread: started, answers, gone, answered };
}

function order(operation: number, port: number, body?: Uint8Array): PeerOrder {
  const head = `PURGE /${operation} HTTP/1.1\r\nHost: h\r\nConnection: close\r\n`;
  return { operation, host: '127.0.0.1', port, head, body, timeoutMs: 10_000, connectTimeoutMs: 10_000 };
}

test('orders are performed in their order, each answered once, over connections of their own', async () => {
  const origin = await sink();
  const { thread, answers, answered } = await startThread();
  const numbers = Array.from({ length: 20 }, (_, i) => i + 1);
  thread.give(
    numbers.map((number) => order(number, origin.port)),
    [],
  );
  await answered(20);
  expect(answers.map(({ operation, status }) => [operation, status])).toEqual(numbers.map((n) => [n, 200]));
  expect(origin.requests.map(({ url }) => url)).toEqual(numbers.map((n) => `/${n}`));
  expect(origin.accepted).toBe(20);
  expect(thread.waiting).toBe(0);
});

test('what has not been begun can be taken back, and is never performed', async () => {
  const origin = await sink();
  let release = () => {};
  origin.answer = (_request, response) => {
    release = () => response.end();
  };
  const { thread, answers, answered } = await startThread();
  thread.give(
    [1, 2, 3].map((number) => order(number, origin.port)),
    [],
  );
  await origin.until(() => origin.requests.length === 1);
  expect(thread.waiting).toBe(2);
  expect(thread.takeBack()).toBe(2);
  expect(thread.waiting).toBe(0);
  thread.give([order(4, origin.port)], []);
  origin.answer = (_request, response) => response.end();
  release();
  await answered(2);
  expect(answers.map(({ operation }) => operation)).toEqual([1, 4]);
  expect(origin.requests.map(({ url }) => url)).toEqual(['/1', '/4']);
});

test('the bytes of a body go over, and are not copied', async () => {
  const origin = await sink();
  const { thread, answered } = await startThread();
  const body = new Uint8Array([0x61, 0x2f]);
  thread.give([order(1, origin.port, body)], [body.buffer]);
  expect(body.byteLength).toBe(0);
  await answered(1);
  expect(origin.requests[0]?.headers['content-length']).toBe(String('a%2F'.length));
});

test('one that is told to end ends, also in the middle of an operation', async () => {
  const origin = await sink();
  origin.answer = () => {};
  const { thread, gone } = await startThread();
  thread.give([order(1, origin.port)], []);
  await origin.until(() => origin.requests.length === 1);
  thread.end();
  expect(await gone).toBeUndefined();
  await origin.until(() => origin.open === 0);
});

const readyThen = (then: string) => `
  const { parentPort } = require('node:worker_threads');
  parentPort.on('message', () => { ${then} });
  parentPort.postMessage('ready');`;

test('one that dies says why', async () => {
  const exits = await startThread(readyThen('process.exit(7);'));
  exits.thread.give([order(1, 1)], []);
  expect(await exits.gone).toBe('it ended with status 7');
  const throws = await startThread(readyThen("throw new Error('a mistake');"));
  throws.thread.give([order(1, 1)], []);
  expect(await throws.gone).toBe('a mistake');
});
