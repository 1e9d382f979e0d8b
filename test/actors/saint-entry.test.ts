/** One saint entry, in simulated time. */
import { expect, test } from 'vitest';
import { saintEntryMachine } from '../../src/actors/saint-entry.ts';
import { identityOf } from '../../src/identity.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { lintMachine } from '../support/machine-lint.ts';

const identity = identityOf('b1', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });
const object = 'abc123';

const deny = (deadline: number) => startInTime(saintEntryMachine, { identity, object, deadline, at: 0 });

test('says all that the compiler does not see', () => {
  lintMachine(saintEntryMachine, ['saint.denied', 'saint.lift', 'saint.displaced', 'backend.retired']);
});

test('says that it is listed from the start', () => {
  const { heard } = deny(1_000);
  expect(heard()).toEqual([{ type: 'saint.listed', identity, object, at: 0 }]);
});

test('lifted by an operator, it tells the data planes too', () => {
  const { actor, clock, heard } = deny(1_000);
  heard();
  actor.send({ type: 'saint.lift' });
  expect(heard()).toMatchObject([{ type: 'saint.lifted' }, { type: 'saint.unlisted' }]);
  expect(actor.getSnapshot().value).toBe('lifted');
  expect(clock.pending).toBe(0);
});

test.each([
  ['goes with its backend, of which the data planes hear anyway', 'backend.retired'],
  ['gives way when the list is full', 'saint.displaced'],
] as const)('%s', (_, type) => {
  const { actor, heard } = deny(1_000);
  heard();
  actor.send({ type });
  expect(heard()).toMatchObject([{ type: 'saint.unlisted' }]);
  expect(actor.getSnapshot().status).toBe('done');
});

test('a deadline that has passed already ends it at once', () => {
  const { actor, clock } = deny(-5);
  clock.advance(0);
  expect(actor.getSnapshot().value).toBe('expired');
});
