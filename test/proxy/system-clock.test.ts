import { expect, test } from 'vitest';
import { createSystemClock } from '../../src/proxy/system-clock.ts';

test('a timer fires once, later than asked for, and never within the call', async () => {
  const clock = createSystemClock();
  const start = clock.now();
  let fires = 0;
  for (const ms of [0, 1, 3.5, 20]) {
    await new Promise<void>((resolve) => {
      const asked = clock.now();
      clock.after(ms, () => {
        fires++;
        expect(clock.now() - asked).toBeGreaterThanOrEqual(ms);
        resolve();
      });
      expect(clock.now()).toBeGreaterThanOrEqual(asked);
    });
  }
  expect(fires).toBe(4);
  expect(clock.now()).toBeGreaterThan(start);
});

test('a cancelled timer does not fire', async () => {
  const clock = createSystemClock();
  let fired = false;
  const cancel = clock.after(1, () => {
    fired = true;
  });
  cancel();
  cancel();
  await new Promise<void>((resolve) => clock.after(10, resolve));
  expect(fired).toBe(false);
});

test('a delay beyond what one timeout can hold does not fire early', async () => {
  const clock = createSystemClock();
  let fired = false;
  const cancel = clock.after(2 ** 40, () => {
    fired = true;
  });
  await new Promise<void>((resolve) => clock.after(10, resolve));
  cancel();
  expect(fired).toBe(false);
});

test('the wall clock says what the machine says', () => {
  expect(Math.abs(createSystemClock().wallNow() - Date.now())).toBeLessThan(60_000);
});
