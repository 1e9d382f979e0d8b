/**
 * Records what varnishd's shard director picks, for test/proxy/directors/shard/shard-golden.test.ts. Needs
 * varnishd 7.1.1:
 *
 *   npx jiti test/golden/record-shards.ts
 */
import { writeGoldenShards } from '../support/golden-shards.ts';
import { seededRandom } from '../../src/simulation/seeded-random.ts';
import { randomShardTables } from '../support/shard-table.ts';
import { shardOnVarnishd, startShardVarnishd } from '../support/shard-table-vcl.ts';

const tables = randomShardTables(seededRandom(711), 't', 24);
const varnishd = await startShardVarnishd(tables);
try {
  const [version = ''] = /varnish-\S+ revision \S+/.exec(await varnishd.adm('banner')) ?? [];
  const played = [];
  for (const table of tables) {
    played.push({ table, picks: (await shardOnVarnishd(varnishd, table)).toString('base64') });
  }
  writeGoldenShards({ varnishd: version, tables: played });
  console.log(`${version}: ${played.length} rings`);
} finally {
  await varnishd.stop();
}
