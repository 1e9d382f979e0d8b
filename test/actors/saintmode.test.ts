/** The saintmode object alone: its backend's health, and the length of its backend's list. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { saintmodeMachine } from '../../src/actors/saintmode.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { identityOf } from '../../src/identity.ts';
import { type BackendHealth, isUsable, type Override, type PolledHealth } from '../../src/snapshot.ts';
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

const anyHealth = fc.record({
  polled: fc.constantFrom<PolledHealth>('unprobed', 'healthy', 'sick'),
  passing: fc.boolean(),
  override: fc.constantFrom<Override>('auto', 'auto', 'healthy', 'sick', 'drain'),
});

test('it is healthy exactly if its backend is and the list is shorter than the threshold, and says so exactly when that changes', () => {
  const step = fc.oneof(anyHealth, fc.nat({ max: 5 }));
  fc.assert(
    fc.property(
      fc.nat({ max: 3 }),
      fc.boolean(),
      fc.array(step, { maxLength: 40 }),
      (threshold, probed, sequence) => {
        const saintmode = startSaintmode(threshold, probed);
        let backend: BackendHealth | undefined;
        let count = 0;
        let told: boolean | undefined;
        for (const one of [undefined, ...sequence]) {
          if (typeof one === 'number') {
            count = one;
            saintmode.count(one);
          } else if (one !== undefined) {
            backend = one;
            saintmode.health(one);
          }
          const usable = isUsable(backend, probed);
          const full = threshold > 0 && count >= threshold;
          expect(saintmode.state()).toBe(!usable ? 'sick' : full ? 'full' : 'healthy');
          const healthy = usable && !full;
          const said = saintmode
            .heard()
            .flatMap((event) => (event.type === 'target.health' ? [event.healthy] : []));
          // Sick is where it starts from, and said even if the next word is already another.
          if (one === undefined) expect(said.at(-1)).toBe(healthy);
          else expect(said).toEqual(healthy === told ? [] : [healthy]);
          told = healthy;
        }
      },
    ),
  );
});
