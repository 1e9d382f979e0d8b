/** Whatever a backend hears, in whatever order: held against one that works everything out anew after each event. */
import fc from 'fast-check';
import { expect } from 'vitest';
import {
  type BackendCommand,
  type BackendEmitted,
  type BackendReport,
  backendMachine,
} from '../../../src/actors/backend.ts';
import type { ConfigKey } from '../../../src/config-key.ts';
import { configKeyOf } from '../../../src/config-key.ts';
import { type Addresses, identityOf } from '../../../src/identity.ts';
import type { BackendHealth, Override, PolledHealth } from '../../../src/snapshot.ts';
import { checkMachine, type Observer } from '../../../src/testing/index.ts';
import { probeOf } from '../../support/control-world.ts';

const addresses: Addresses = { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 };
const identity = identityOf('b1', addresses);
const [a, b, c] = [configKeyOf('a', 1), configKeyOf('b', 2), configKeyOf('c', 3)];
/** `c` never gives it a probe. */
const probes = new Map([a, b].map((key) => [key, probeOf({ url: `/${key}` })]));
const config = fc.constantFrom(a, b, c);

/** Everything worked out anew from what is declared. */
class NaiveBackend {
  /** In order of first mention: whether active. */
  readonly #declared = new Map<ConfigKey, boolean>();
  elected: ConfigKey | undefined;
  health: BackendHealth = { polled: 'unprobed', passing: false, override: 'auto' };
  life: 'live' | 'retiring' | 'retired' = 'live';

  get isDeclared(): boolean {
    return this.#declared.size > 0;
  }

  take(event: BackendCommand | BackendReport): void {
    const declared = this.#declared;
    switch (event.type) {
      case 'backend.declare':
        if (event.active) for (const one of declared.keys()) declared.set(one, false);
        declared.set(event.config, event.active);
        this.life = 'live';
        break;
      case 'backend.withdraw':
        // With nothing declared, nothing is left to retire but the backend itself.
        declared.delete(event.config);
        if (declared.size === 0) this.life = 'retiring';
        break;
      case 'backend.set-health':
        this.health = { ...this.health, override: event.override };
        break;
      case 'health.concluded':
        if (this.elected === undefined) break;
        this.health = { ...this.health, polled: event.polled, passing: event.passing };
        break;
      case 'connections.closed':
        if (this.life === 'retiring') this.life = 'retired';
        break;
      default:
        event satisfies never;
    }
    const candidates = [...declared].filter(([key]) => probes.has(key));
    const preferred =
      candidates.find(([, active]) => active) ??
      candidates.find(([key]) => key === this.elected) ??
      candidates[0];
    this.elected = preferred?.[0];
    if (this.elected === undefined) this.health = { ...this.health, polled: 'unprobed', passing: false };
  }
}

function observe(): Observer<typeof backendMachine> {
  const naive = new NaiveBackend();
  let told: BackendHealth | undefined;
  let polledFor: ConfigKey | undefined;
  return {
    at({ event, emitted, snapshot: { value } }) {
      const before = naive.life;
      if (event !== undefined) naive.take(event);
      const of = <T extends BackendEmitted['type']>(type: T) => emitted.filter((one) => one.type === type);
      const life = typeof value === 'string' ? value : value.present.life;
      expect(life).toBe(naive.life);
      if (typeof value !== 'string') expect(value.present.override).toBe(naive.health.override);
      expect(of('backend.retired')).toHaveLength(before === 'live' && naive.life === 'retiring' ? 1 : 0);
      expect(of('poller.retire')).toHaveLength(naive.life === 'retired' ? 1 : 0);

      const isNews = naive.isDeclared && JSON.stringify(told) !== JSON.stringify(naive.health);
      const news = isNews ? [{ type: 'backend.health', identity, ...naive.health }] : [];
      expect(of('backend.health')).toEqual(news);
      told = naive.isDeclared ? naive.health : undefined;

      const elections = emitted.flatMap((one) => (one.type === 'poller.elect' ? [one.config] : []));
      const isElection = naive.elected !== undefined && naive.elected !== polledFor;
      expect(elections).toEqual(isElection ? [naive.elected] : []);
      const isDismissal = naive.elected === undefined && polledFor !== undefined;
      expect(of('poller.dismiss')).toHaveLength(isDismissal ? 1 : 0);
      polledFor = naive.elected;
    },
  };
}

export const backend = {
  invariant:
    'health is polling, order and declarations combined; it is told exactly when it appears or changes; it retires exactly when the last declaration is withdrawn',
  check: () =>
    checkMachine(backendMachine, {
      input: fc.constant({ identity, addresses }),
      events: {
        'backend.declare': fc.record({ config, active: fc.boolean() }).map(({ config, active }) => ({
          identity,
          config,
          active,
          probe: probes.get(config),
          hostHeader: 'example.org',
        })),
        'backend.withdraw': config.map((key) => ({ identity, config: key })),
        'backend.set-health': fc
          .constantFrom<Override>('auto', 'healthy', 'sick', 'drain')
          .map((override) => ({ identity, override })),
        'health.concluded': fc.record({
          identity: fc.constant(identity),
          polled: fc.constantFrom<PolledHealth>('unprobed', 'healthy', 'sick'),
          passing: fc.boolean(),
        }),
        'connections.closed': fc.constant({ identity }),
      },
      weights: { 'backend.declare': 4, 'backend.withdraw': 3, 'health.concluded': 3, wait: 0 },
      parameters: { numRuns: 200 },
      observe,
    }),
};
