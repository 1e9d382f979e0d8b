/** Troupe's picks beside those of the varnishd on this machine, for rings that are new in each run. */
import { Buffer } from 'node:buffer';
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { SaintList } from '../../../../src/compact/saint-list.ts';
import { type ShardChoice, shardDefaults } from '../../../../src/config/shard-declaration.ts';
import { createTargetGraph } from '../../../../src/proxy/directors/target-graph.ts';
import { RequestHash } from '../../../../src/proxy/request/request-hash.ts';
import { keyOfBlob } from '../../../../src/shard-key.ts';
import { seededRandom } from '../../../../src/simulation/seeded-random.ts';
import { expectSamePicks } from '../../../support/compare-shards.ts';
import { resolvedBackend } from '../../../support/resolved-backend.ts';
import { randomShardTables } from '../../../support/shard-table.ts';
import { shardOnVarnishd, startShardVarnishd } from '../../../support/shard-table-vcl.ts';
import { needVarnishd, startVarnishd } from '../../../support/varnishd.ts';

const { TROUPE_TEST_SEED } = process.env;
const seed = Number(TROUPE_TEST_SEED ?? Math.floor(Math.random() * 2 ** 31));

test('shard picks what varnishd picks, whatever its members, options and health', {
  timeout: 120_000,
}, async (context) => {
  needVarnishd(context);
  console.info(`comparing with varnishd; to repeat: TROUPE_TEST_SEED=${seed}`);
  const tables = randomShardTables(seededRandom(seed), 't', 8);
  const varnishd = await startShardVarnishd(tables);
  try {
    for (const table of tables) expectSamePicks(table, await shardOnVarnishd(varnishd, table));
  } finally {
    await varnishd.stop();
  }
});

const names = Array.from({ length: 9 }, (_, i) => `b${i}`);

/** b0 rises slowly: within a test, it stays at the very beginning of its ramp-up. */
const vcl = `vcl 4.1;
import directors;
import blob;
${names.map((name) => `backend ${name} { .host = "127.0.0.1"; .port = "1"; }`).join('\n')}
sub vcl_init {
new d = directors.shard();
${names.map((name) => `if (d.add_backend(${name}${name === 'b0' ? ', rampup=1000000s' : ''})) { }`).join('\n')}
}
sub vcl_recv { return (pass); }
sub vcl_backend_fetch {
if (bereq.http.by == "hash") { set bereq.backend = d.backend(by=HASH, rampup=false); }
if (bereq.http.by == "url") { set bereq.backend = d.backend(by=URL, rampup=false); }
if (bereq.http.by == "blob") {
  set bereq.backend = d.backend(by=BLOB, key_blob=blob.decode(HEX, encoded=bereq.http.blob), rampup=false);
}
if (bereq.http.by == "rampup") { set bereq.backend = d.backend(by=URL); }
}
sub vcl_backend_error { set beresp.http.picked = beresp.backend; return (deliver); }
`;

test('the request hash, the URL and blobs lead where varnishd goes, and so does a ramp-up', {
  timeout: 60_000,
}, async (context) => {
  needVarnishd(context);
  const varnishd = await startVarnishd({ vcl });
  let now = 0;
  const graph = createTargetGraph({
    backends: names.map((name) => resolvedBackend(name)),
    directors: [
      {
        name: 'd',
        policy: { kind: 'shard', ...shardDefaults, choice: {} },
        members: names.map((target) => ({
          target,
          weight: 1,
          ...(target === 'b0' ? { rampupMs: 1e9 } : {}),
        })),
      },
    ],
    saintmodes: [],
    saints: new SaintList(),
    now: () => now,
  });
  const pick = (url: string, shardChoice: ShardChoice) =>
    graph.get('d')?.resolve({
      denied: undefined,
      key: () => new Uint8Array(32),
      random: () => 0.5,
      url: () => url,
      requestHash: () => new RequestHash([url, `127.0.0.1:${varnishd.port}`]).bytes(),
      shardChoice: () => shardChoice,
    })?.name;
  const ask = async (url: string, by: string, blob = '00') => {
    const { headers } = await varnishd.get(url, { by, blob });
    return headers['picked'];
  };
  try {
    const urls = Array.from({ length: 60 }, (_, i) => `/item/${i}?of=${seed}`);
    for (const [i, url] of urls.entries()) {
      expect(await ask(url, 'hash'), url).toBe(pick(url, { by: 'hash', rampup: false }));
      expect(await ask(url, 'url'), url).toBe(pick(url, { by: 'url', rampup: false }));
      const blob = Buffer.from(createHash('sha256').update(url).digest()).subarray(0, 1 + (i % 6));
      const key = keyOfBlob(blob);
      expect(await ask(url, 'blob', blob.toString('hex')), url).toBe(
        pick(url, { by: 'blob', key, rampup: false }),
      );
    }
    // Its keys go to the next one along the ring, for now.
    const preferred = urls.map((url) => pick(url, { by: 'url', rampup: false }));
    expect(preferred).toContain('b0');
    for (const order of ['sick', 'healthy'] as const) {
      now += 1;
      await varnishd.adm('backend.set_health', 'boot.b0', order);
      const health = { polled: 'unprobed', passing: false, override: order, changedAt: now } as const;
      graph.setHealth(resolvedBackend('b0').identity, health);
    }
    const risen = urls.map((url) => pick(url, { by: 'url' }));
    expect(risen).not.toContain('b0');
    for (const [i, url] of urls.entries()) expect(await ask(url, 'rampup'), url).toBe(risen[i]);
    now += 1e9;
    expect(urls.map((url) => pick(url, { by: 'url' }))).toEqual(preferred);
  } finally {
    await varnishd.stop();
  }
});
