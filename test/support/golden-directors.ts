/** What varnishd picked when test/golden/record-directors.ts last ran. */
import { Buffer } from 'node:buffer';
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync, gzipSync } from 'node:zlib';
import type { Scenario } from './director-scenario.ts';
import type { HashTable } from './hash-table.ts';

export interface GoldenDirectors {
  /** As varnishd says who it is. */
  readonly varnishd: string;
  /** Picks: names of backends in order, '' for none. */
  readonly scenarios: readonly { readonly scenario: Scenario; readonly picks: readonly string[] }[];
  /** Picks: positions in the member list, a byte each in base64, 255 for none; the keys are in hash-table.ts. */
  readonly hashTables: readonly { readonly table: HashTable; readonly picks: string }[];
}

const file = new URL('../golden/directors-varnishd-7.1.1.json.gz', import.meta.url);

export function readGoldenDirectors(): GoldenDirectors {
  return JSON.parse(gunzipSync(readFileSync(file)).toString()) as GoldenDirectors;
}

export function writeGoldenDirectors(golden: GoldenDirectors): void {
  writeFileSync(file, gzipSync(Buffer.from(JSON.stringify(golden)), { level: 9 }));
}
