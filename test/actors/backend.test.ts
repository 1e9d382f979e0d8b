/** The backend alone: what it tells its poller, the data planes and whoever follows it. */
import { expect, test } from 'vitest';
import { backendMachine } from '../../src/actors/backend.ts';
import type { ConfigKey } from '../../src/config-key.ts';
import { configKeyOf } from '../../src/config-key.ts';
import { type Addresses, identityOf } from '../../src/identity.ts';
import type { Override, PolledHealth } from '../../src/snapshot.ts';
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
