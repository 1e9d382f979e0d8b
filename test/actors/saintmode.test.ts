/** The saintmode object alone: its backend's health, and the length of its backend's list. */
import { expect, test } from 'vitest';
import { saintmodeMachine } from '../../src/actors/saintmode.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { identityOf } from '../../src/identity.ts';
import type { BackendHealth } from '../../src/snapshot.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { lintMachine } from '../support/machine-lint.ts';

const config = configKeyOf('boot', 1);
const name = 'saint1';
const identity = identityOf('b1', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });

function startSaintmode(threshold: number, probed = true) {
  const saintmode = startInTime(saintmodeMachine, { config, name, identity, probed, threshold });
  const { actor } = saintmode;
  return {
    ...saintmode,
    health: (now: BackendHealth) => actor.send({ type: 'backend.health', identity, ...now }),
    count: (count: number) => actor.send({ type: 'saint.count', identity, count }),
    state: () => actor.getSnapshot().value,
  };
}

const up: BackendHealth = { polled: 'healthy', passing: true, override: 'auto' };
const down: BackendHealth = { polled: 'sick', passing: false, override: 'auto' };

test('says all that the compiler does not see', () => {
  lintMachine(saintmodeMachine, ['backend.health', 'saint.count', 'topic.retained', 'saintmode.end']);
});

test('follows its backend, and is sick until it hears of it', () => {
  const { actor, heard, state } = startSaintmode(2);
  expect(heard()).toMatchObject([
    { type: 'topic.follow', topics: [identity] },
    { type: 'target.health', config, name, healthy: false },
  ]);
  actor.send({
    type: 'topic.retained',
    said: [
      { type: 'backend.health', identity, ...up },
      { type: 'saint.count', identity, count: 2 },
    ],
  });
  expect(state()).toBe('full');
});

test('one that wraps a backend without a probe is healthy from the start', () => {
  expect(startSaintmode(2, false).state()).toBe('healthy');
});

test('is sick for everything from the threshold on, and not below', () => {
  const { health, count, heard, state } = startSaintmode(2);
  health(up);
  heard();
  count(1);
  expect(state()).toBe('healthy');
  count(2);
  expect(heard()).toMatchObject([{ type: 'target.health', healthy: false }]);
  count(3);
  health(down);
  health(up);
  expect(heard()).toEqual([]);
  count(1);
  expect(heard()).toMatchObject([{ type: 'target.health', healthy: true }]);
});

test('a threshold of 0 ignores the list', () => {
  const { health, count, state } = startSaintmode(0);
  health(up);
  count(1_000);
  expect(state()).toBe('healthy');
});

test('ends without a word', () => {
  const { actor, heard } = startSaintmode(1);
  heard();
  actor.send({ type: 'saintmode.end' });
  expect(heard()).toEqual([]);
  expect(actor.getSnapshot().status).toBe('done');
});
