/** The backend alone: what it tells its poller, the data planes and whoever follows it. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type BackendEmitted, backendMachine } from '../../src/actors/backend.ts';
import type { ConfigKey } from '../../src/config-key.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { type Addresses, identityOf } from '../../src/identity.ts';
import type { BackendHealth, Override, PolledHealth } from '../../src/snapshot.ts';
import { startInTime } from '../support/actor-in-time.ts';
import { probeOf } from '../support/control-world.ts';
import { lintMachine } from '../support/machine-lint.ts';

const addresses: Addresses = { kind: 'tcp', ipv4: '127.0.0.1', port: 8080 };
const identity = identityOf('b1', addresses);
const [a, b, c] = [configKeyOf('a', 1), configKeyOf('b', 2), configKeyOf('c', 3)];
const hostHeader = 'example.org';
const probes = new Map([a, b, c].map((key) => [key, probeOf({ url: `/${key}` })]));

function startBackend() {
  const backend = startInTime(backendMachine, { identity, addresses });
  const { actor } = backend;
  return {
    ...backend,
    declare: (config: ConfigKey, probed: boolean, active = false) => {
      const probe = probed ? probes.get(config) : undefined;
      actor.send({ type: 'backend.declare', identity, config, probe, hostHeader, active });
    },
    withdraw: (config: ConfigKey) => actor.send({ type: 'backend.withdraw', identity, config }),
    setHealth: (override: Override) => actor.send({ type: 'backend.set-health', identity, override }),
    conclude: (polled: PolledHealth, passing: boolean) =>
      actor.send({ type: 'health.concluded', identity, polled, passing }),
    closed: () => actor.send({ type: 'connections.closed', identity }),
    life: () => {
      const { value } = actor.getSnapshot();
      return typeof value === 'string' ? value : value.present.life;
    },
    state: () => actor.getSnapshot(),
  };
}

const types = (heard: readonly { type: string }[]) => heard.map(({ type }) => type);

test('says all that the compiler does not see', () => {
  lintMachine(backendMachine, [
    'backend.declare',
    'backend.withdraw',
    'backend.set-health',
    'health.concluded',
    'connections.closed',
  ]);
});

test('appears to the data planes when first declared, and is polled with the probe it has', () => {
  const { declare, heard } = startBackend();
  declare(a, true);
  expect(heard()).toEqual([
    { type: 'poller.elect', identity, addresses, config: a, probe: probes.get(a), hostHeader, at: 0 },
    { type: 'backend.health', identity, polled: 'unprobed', passing: false, override: 'auto', at: 0 },
  ]);
});

test('declared again by the same or another config, it tells the data planes nothing new', () => {
  const { declare, heard } = startBackend();
  declare(a, true);
  heard();
  declare(a, true, true);
  declare(b, true);
  expect(heard()).toEqual([]);
});

test('an order that changes nothing is not told', () => {
  const { declare, setHealth, heard } = startBackend();
  declare(a, false);
  heard();
  setHealth('auto');
  expect(heard()).toEqual([]);
  setHealth('sick');
  setHealth('sick');
  expect(heard()).toMatchObject([{ type: 'backend.health', override: 'sick', polled: 'unprobed' }]);
});

test('an order to an unpolled backend counts, and outlives an election and a conclusion', () => {
  const { declare, setHealth, conclude, heard, state } = startBackend();
  declare(a, false);
  setHealth('drain');
  expect(state().value).toMatchObject({ present: { health: 'unpolled', override: 'drain' } });
  declare(b, true);
  heard();
  conclude('healthy', true);
  expect(heard()).toMatchObject([
    { type: 'backend.health', polled: 'healthy', passing: true, override: 'drain' },
  ]);
});

test('a conclusion that arrives after the dismissal of its poller is not believed', () => {
  const { declare, withdraw, conclude, heard, state } = startBackend();
  declare(a, true);
  declare(b, false);
  conclude('healthy', true);
  heard();
  withdraw(a);
  expect(heard()).toMatchObject([
    { type: 'poller.dismiss' },
    { type: 'backend.health', polled: 'unprobed', passing: false },
  ]);
  conclude('sick', false);
  expect(heard()).toEqual([]);
  expect(state().context).toMatchObject({ polled: 'unprobed', passing: false });
});

test('declared again while its connections close, it lives on with its order, and appears again', () => {
  const { declare, withdraw, setHealth, closed, heard, life } = startBackend();
  declare(a, true);
  setHealth('healthy');
  heard();
  withdraw(a);
  expect(types(heard())).toEqual(['poller.dismiss', 'backend.retired']);
  declare(b, true);
  expect(heard()).toMatchObject([
    { type: 'poller.elect', config: b },
    { type: 'backend.health', override: 'healthy' },
  ]);
  closed();
  expect(life()).toBe('live');
});

test('ends, and its poller with it, when the last connection has closed', () => {
  const { declare, withdraw, closed, heard, life } = startBackend();
  declare(a, true);
  withdraw(a);
  heard();
  closed();
  expect(types(heard())).toEqual(['poller.retire']);
  expect(life()).toBe('retired');
});

type Step =
  | { readonly do: 'declare'; readonly config: ConfigKey; readonly active: boolean }
  | { readonly do: 'withdraw'; readonly config: ConfigKey }
  | { readonly do: 'set-health'; readonly override: Override }
  | { readonly do: 'conclude'; readonly polled: PolledHealth; readonly passing: boolean }
  | { readonly do: 'closed' };

const key = fc.constantFrom(a, b, c);
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    {
      weight: 4,
      arbitrary: fc.record({ do: fc.constant('declare' as const), config: key, active: fc.boolean() }),
    },
    { weight: 3, arbitrary: fc.record({ do: fc.constant('withdraw' as const), config: key }) },
    {
      weight: 2,
      arbitrary: fc.record({
        do: fc.constant('set-health' as const),
        override: fc.constantFrom<Override>('auto', 'healthy', 'sick', 'drain'),
      }),
    },
    {
      weight: 3,
      arbitrary: fc.record({
        do: fc.constant('conclude' as const),
        polled: fc.constantFrom<PolledHealth>('unprobed', 'healthy', 'sick'),
        passing: fc.boolean(),
      }),
    },
    { weight: 1, arbitrary: fc.record({ do: fc.constant('closed' as const) }) },
  ),
  { maxLength: 40 },
);

/** Everything worked out anew from what is declared, after each step. */
class NaiveBackend {
  /** In order of first mention: whether active. `c` never gives it a probe. */
  readonly declared = new Map<ConfigKey, boolean>();
  elected: ConfigKey | undefined;
  health: BackendHealth = { polled: 'unprobed', passing: false, override: 'auto' };
  life: 'live' | 'retiring' | 'retired' = 'live';

  take(step: Step): void {
    const { declared } = this;
    switch (step.do) {
      case 'declare':
        if (step.active) for (const one of declared.keys()) declared.set(one, false);
        declared.set(step.config, step.active);
        this.life = 'live';
        break;
      case 'withdraw':
        if (declared.delete(step.config) && declared.size === 0) this.life = 'retiring';
        break;
      case 'set-health':
        this.health = { ...this.health, override: step.override };
        break;
      case 'conclude':
        if (this.elected !== undefined) {
          this.health = { ...this.health, polled: step.polled, passing: step.passing };
        }
        break;
      case 'closed':
        if (this.life === 'retiring') this.life = 'retired';
        break;
      default:
        step satisfies never;
    }
    const candidates = [...declared].filter(([config]) => config !== c);
    const preferred =
      candidates.find(([, active]) => active) ??
      candidates.find(([config]) => config === this.elected) ??
      candidates[0];
    this.elected = preferred?.[0];
    if (this.elected === undefined) this.health = { ...this.health, polled: 'unprobed', passing: false };
  }
}

test('health is polling, order and declarations combined; it is told exactly when it appears or changes; it retires exactly when the last declaration is withdrawn', () => {
  fc.assert(
    fc.property(steps, (sequence) => {
      const backend = startBackend();
      const naive = new NaiveBackend();
      let told: BackendHealth | undefined;
      let polledFor: ConfigKey | undefined;
      backend.declare(a, true);
      naive.take({ do: 'declare', config: a, active: false });
      for (const step of [undefined, ...sequence]) {
        const before = { life: naive.life, health: told };
        if (step !== undefined) {
          naive.take(step);
          if (step.do === 'declare') backend.declare(step.config, step.config !== c, step.active);
          else if (step.do === 'withdraw') backend.withdraw(step.config);
          else if (step.do === 'set-health') backend.setHealth(step.override);
          else if (step.do === 'conclude') backend.conclude(step.polled, step.passing);
          else backend.closed();
        }
        const heard = backend.heard();
        const of = <T extends BackendEmitted['type']>(type: T) => heard.filter((one) => one.type === type);
        expect(backend.life()).toBe(naive.life);
        expect(of('backend.retired')).toHaveLength(
          before.life === 'live' && naive.life === 'retiring' ? 1 : 0,
        );
        expect(of('poller.retire')).toHaveLength(naive.life === 'retired' ? 1 : 0);

        const declaredNow = naive.declared.size > 0;
        const isNews = declaredNow && JSON.stringify(before.health) !== JSON.stringify(naive.health);
        expect(of('backend.health').map(({ identity: _, type: __, at: ___, ...health }) => health)).toEqual(
          isNews ? [naive.health] : [],
        );
        told = declaredNow ? naive.health : undefined;

        const elections = heard.filter((one) => one.type === 'poller.elect');
        const isElection = naive.elected !== undefined && naive.elected !== polledFor;
        expect(elections.map(({ config }) => config)).toEqual(isElection ? [naive.elected] : []);
        expect(of('poller.dismiss')).toHaveLength(
          naive.elected === undefined && polledFor !== undefined ? 1 : 0,
        );
        polledFor = naive.elected;
        if (naive.life === 'retired') return;
      }
    }),
    { numRuns: 200 },
  );
});
