/** What varnishd's shard director picked when test/golden/record-shards.ts last ran. */
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { ShardTable } from './shard-table.ts';

export interface GoldenShards {
  /** As varnishd says who it is. */
  readonly varnishd: string;
  /** Picks: positions in the table's backends, a byte each in base64, 255 for none. */
  readonly tables: readonly { readonly table: ShardTable; readonly picks: string }[];
}

const file = new URL('../golden/shards-varnishd-7.1.1.json.gz', import.meta.url);

export function readGoldenShards(): GoldenShards {
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as GoldenShards;
}

export function writeGoldenShards(golden: GoldenShards): void {
  writeFileSync(file, gzipSync(Buffer.from(JSON.stringify(golden)), { level: 9 }));
}
