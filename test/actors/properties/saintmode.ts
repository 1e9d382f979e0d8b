/** The health of a saintmode object's backend, and the length of its list, as they come. */
import fc from 'fast-check';
import { expect } from 'vitest';
import { saintmodeMachine } from '../../../src/actors/saintmode.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import { identityOf } from '../../../src/identity.ts';
import { type BackendHealth, isUsable, type Override, type PolledHealth } from '../../../src/snapshot.ts';
import { checkMachine, type Observer } from '../../../src/testing/index.ts';

const identity = identityOf('b1', { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 });

const health = fc.record({
  type: fc.constant('backend.health' as const),
  identity: fc.constant(identity),
  polled: fc.constantFrom<PolledHealth>('unprobed', 'healthy', 'sick'),
  passing: fc.boolean(),
  override: fc.constantFrom<Override>('auto', 'auto', 'healthy', 'sick', 'drain'),
});
const count = fc.record({
  type: fc.constant('saint.count' as const),
  identity: fc.constant(identity),
  count: fc.nat({ max: 5 }),
});

function observe(): Observer<typeof saintmodeMachine> {
  let backend: BackendHealth | undefined;
  let entries = 0;
  let told: boolean | undefined;
  return {
    at({ event, emitted, snapshot: { value, context, status } }, before) {
      const heard = event?.type === 'topic.retained' ? event.said : event === undefined ? [] : [event];
      for (const one of heard) {
        if (one.type === 'backend.health') backend = one;
        if (one.type === 'saint.count') entries = one.count;
      }
      const said = emitted.flatMap((one) => (one.type === 'target.health' ? [one.healthy] : []));
      if (status !== 'active') {
        expect(said, 'ends without a word').toEqual([]);
        return;
      }
      const usable = isUsable(backend, context.probed);
      const full = context.threshold > 0 && entries >= context.threshold;
      expect(value).toBe(!usable ? 'sick' : full ? 'full' : 'healthy');
      const healthy = usable && !full;
      // Sick is where it starts from, and said even if the next word is already another.
      if (before === undefined) expect(said.at(-1)).toBe(healthy);
      else expect(said).toEqual(healthy === told ? [] : [healthy]);
      told = healthy;
    },
  };
}

export const saintmode = {
  invariant:
    'it is healthy exactly if its backend is and the list is shorter than the threshold, and says so exactly when that changes',
  check: () =>
    checkMachine(saintmodeMachine, {
      input: fc.record({
        config: fc.constant(configKeyOf('boot', 1)),
        name: fc.constant('saint1'),
        identity: fc.constant(identity),
        probed: fc.boolean(),
        threshold: fc.nat({ max: 3 }),
      }),
      events: {
        'backend.health': health,
        'saint.count': count,
        'topic.retained': fc.record({ said: fc.array(fc.oneof(health, count), { maxLength: 2 }) }),
      },
      weights: { 'backend.health': 4, 'saint.count': 4, 'saintmode.end': 0.1, wait: 0 },
      observe,
    }),
};
