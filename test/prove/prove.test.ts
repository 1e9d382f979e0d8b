/** The search: what it tells of several things that are wrong. */
import { expect, test } from 'vitest';
import { resolveBackends } from '../../src/config/resolve-hosts.ts';
import { backend, defineConfig } from '../../src/index.ts';
import { type Invariant, invariant } from '../../src/prove/invariant.ts';
import { prove } from '../../src/prove/prove.ts';
import { madeUpAddresses } from '../../src/simulation/made-up-addresses.ts';

async function load() {
  const config = defineConfig({ backends: { b1: backend({ host: '10.0.0.1' }) } });
  return { config, backends: await resolveBackends(config.backends, madeUpAddresses()) };
}

const minor: Invariant = {
  ...invariant('nobody asks for /', ({ requests }) => !requests.some(({ url }) => url === '/')),
  isMinor: true,
};
const grave = invariant('nobody purges twice', ({ requests }) => {
  return requests.filter(({ method }) => method === 'PURGE').length < 2;
});

const search = (invariants: readonly Invariant[], runs = 300) =>
  prove({ load, text: '"PURGE"', invariants, runs, seed: 1 });

test('a grave finding is told before a minor one, however late it comes', async () => {
  const { counterexample } = await search([minor, grave]);
  expect(counterexample?.invariant).toBe(grave);
  expect(counterexample?.run.requests.map(({ method }) => method)).toEqual(['PURGE', 'PURGE']);
});

test('a minor finding is told where there is none that is grave, and made as simple as any', async () => {
  const { counterexample, runs, isInterrupted, isReproducible } = await search([minor], 10_000);
  expect(counterexample?.invariant).toBe(minor);
  expect(counterexample?.scenario.events).toHaveLength(1);
  // It is not the whole search that goes on.
  expect(runs).toBeLessThan(300);
  expect([isInterrupted, isReproducible]).toEqual([false, true]);
});

test('a minor finding is told although the search is over soon after it', async () => {
  const { counterexample, runs } = await search([minor], 20);
  expect(counterexample?.invariant).toBe(minor);
  expect(runs).toBe(20);
});
