/**
 * Records what varnishd picks, for test/proxy/directors/varnishd-golden.test.ts. Needs varnishd 7.1.1:
 *
 *   npx jiti test/golden/record-directors.ts
 */
import { randomScenario } from '../support/director-scenario.ts';
import { hashOnVarnishd, playOnVarnishd, startScenarioVarnishd } from '../support/director-scenario-vcl.ts';
import { writeGoldenDirectors } from '../support/golden-directors.ts';
import { type HashTable, randomHashTables } from '../support/hash-table.ts';
import { seededRandom } from '../../src/simulation/seeded-random.ts';

const random = seededRandom(711);
const scenarios = Array.from({ length: 100 }, (_, i) => randomScenario(random, `s${i}`));
const tables = randomHashTables(random, 't');

const varnishd = await startScenarioVarnishd(scenarios, tables);
try {
  const [version = ''] = /varnish-\S+ revision \S+/.exec(await varnishd.adm('banner')) ?? [];
  const picks = await playOnVarnishd(varnishd, scenarios);
  const hashTables: { table: HashTable; picks: string }[] = [];
  for (const table of tables) {
    hashTables.push({ table, picks: (await hashOnVarnishd(varnishd, table)).toString('base64') });
  }
  writeGoldenDirectors({
    varnishd: version,
    scenarios: scenarios.map((scenario, i) => ({ scenario, picks: picks[i] ?? [] })),
    hashTables,
  });
  console.log(`${version}: ${picks.flat().length} picks, ${hashTables.length} hash tables`);
} finally {
  await varnishd.stop();
}
