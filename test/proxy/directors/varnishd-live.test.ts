/** Troupe's picks beside those of the varnishd on this machine, for cases that are new in each run. */
import { expect, test } from 'vitest';
import { seededRandom } from '../../../src/simulation/seeded-random.ts';
import { playOnTroupe, randomScenario } from '../../support/director-scenario.ts';
import {
  hashOnVarnishd,
  playOnVarnishd,
  startScenarioVarnishd,
} from '../../support/director-scenario-vcl.ts';
import { hashOnTroupe, randomHashTables } from '../../support/hash-table.ts';
import { needVarnishd } from '../../support/varnishd.ts';

const { TROUPE_TEST_SEED } = process.env;
const seed = Number(TROUPE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

test('picks what varnishd picks, whatever happens to members', { timeout: 120_000 }, async (context) => {
  needVarnishd(context);
  console.info(`comparing with varnishd; to repeat: TROUPE_TEST_SEED=${seed}`);
  const random = seededRandom(seed);
  const scenarios = Array.from({ length: 40 }, (_, i) => randomScenario(random, `s${i}`));
  const tables = randomHashTables(random, 't');
  const varnishd = await startScenarioVarnishd(scenarios, tables);
  try {
    const played = await playOnVarnishd(varnishd, scenarios);
    for (const [i, scenario] of scenarios.entries()) {
      expect(playOnTroupe(scenario), JSON.stringify(scenario)).toEqual(played[i]);
    }
    for (const table of tables) {
      const picks = await hashOnVarnishd(varnishd, table);
      expect(hashOnTroupe(table).equals(picks), JSON.stringify(table)).toBe(true);
    }
  } finally {
    await varnishd.stop();
  }
});
