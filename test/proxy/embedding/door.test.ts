/** Who may come in, and when closing is over. */
import { expect, test } from 'vitest';
import { Door } from '../../../src/proxy/embedding/door.ts';

test('lets everybody in at once where nothing has to be waited for', () => {
  let passed = 0;
  new Door(undefined).pass(() => passed++);
  expect(passed).toBe(1);
});

test('lets those who came early in when the proxy is ready, in their order, and later ones at once', async () => {
  let ready = () => {};
  const door = new Door(
    new Promise((resolve) => {
      ready = resolve;
    }),
  );
  const passed: number[] = [];
  door.pass(() => passed.push(1));
  door.pass(() => passed.push(2));
  expect(passed).toEqual([]);
  ready();
  await new Promise((resolve) => setImmediate(resolve));
  expect(passed).toEqual([1, 2]);
  door.pass(() => passed.push(3));
  expect(passed).toEqual([1, 2, 3]);
});

test('lets everybody in when the proxy failed to get ready, and knows why', async () => {
  const door = new Door(Promise.reject(new Error('broken')));
  await new Promise<void>((resolve) => door.pass(resolve));
  expect(door.failure).toMatchObject({ message: 'broken' });
});

test('closing waits for what is under way, and counts each once', async () => {
  const door = new Door(undefined);
  const [first, second] = [door.open.begin(), door.open.begin()];
  let isClosed = false;
  const closed = door.close().then(() => {
    isClosed = true;
  });
  expect(door.isClosed).toBe(true);
  first();
  first();
  await new Promise((resolve) => setImmediate(resolve));
  expect(isClosed).toBe(false);
  second();
  await closed;
  expect(door.open.size).toBe(0);
});
