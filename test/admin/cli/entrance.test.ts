import { once } from 'node:events';
import { connect, createServer } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { Entrance } from '../../../src/admin/cli/entrance.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';

const clock = new SimulatedClock();
const lost: Error[] = [];
let entrance: Entrance;

afterEach(() => entrance.close());

async function open(): Promise<number> {
  lost.length = 0;
  entrance = new Entrance({
    clock,
    onSocket: (socket) => socket.on('error', () => {}).end('come in'),
    onLost: (error) => lost.push(error),
  });
  await entrance.listen({ host: '127.0.0.1', port: 0 });
  return entrance.addresses[0]?.port ?? 0;
}

/** What whoever connects hears, or why he does not. */
function outcome(port: number): Promise<string> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('data', (heard) => resolve(heard.toString()));
    socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? ''));
  });
}

/** Lets what a server was told happen. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

test('while it is shut the kernel refuses, and then it is where it was', async () => {
  const port = await open();
  expect(await outcome(port)).toBe('come in');
  entrance.shutFor(500);
  expect(await outcome(port)).toBe('ECONNREFUSED');
  clock.advance(499);
  await turn();
  expect(await outcome(port)).toBe('ECONNREFUSED');
  clock.advance(1);
  await turn();
  expect(await outcome(port)).toBe('come in');
});

test('whoever shuts it again begins a new while', async () => {
  const port = await open();
  entrance.shutFor(500);
  clock.advance(400);
  entrance.shutFor(500);
  clock.advance(400);
  await turn();
  expect(await outcome(port)).toBe('ECONNREFUSED');
  clock.advance(100);
  await turn();
  expect(await outcome(port)).toBe('come in');
});

test('an address that somebody took is told, and had again when it is free', async () => {
  const port = await open();
  entrance.shutFor(500);
  const thief = createServer().listen(port, '127.0.0.1');
  await once(thief, 'listening');
  clock.advance(500);
  await turn();
  expect(lost).toHaveLength(1);
  expect(lost[0]).toMatchObject({ code: 'troupe.listen-failed' });
  thief.close();
  await once(thief, 'close');
  clock.advance(1_000);
  await turn();
  expect(await outcome(port)).toBe('come in');
});

test('closed, it does not open again', async () => {
  const port = await open();
  entrance.shutFor(500);
  entrance.close();
  clock.advance(10_000);
  await turn();
  expect(await outcome(port)).toBe('ECONNREFUSED');
});
