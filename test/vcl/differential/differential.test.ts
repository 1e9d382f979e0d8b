/** Small programs run in varnishd and in Troupe: both say the same to clients and to origins. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { needVarnishd } from '../../support/varnishd.ts';
import { type BothProxies, startBoth } from './both-proxies.ts';
import { readCases } from './read-cases.ts';

const folder = join(import.meta.dirname, 'cases');
/** Two programs answer at once, and which of their threads is faster differs by chance: what differs does so each time. */
const RACES = 2;

let both: BothProxies | undefined;

beforeAll(async () => {
  both = await startBoth().catch(() => undefined);
});

afterAll(() => both?.stop());

for (const file of readdirSync(folder).sort()) {
  describe(file.replace(/\.txt$/, ''), () => {
    const cases = readCases(readFileSync(join(folder, file), 'latin1'));
    for (const [index, one] of cases.entries()) {
      test(one.idea, { retry: RACES }, async (context) => {
        needVarnishd(context);
        const { varnishd, troupe } = (await both?.compare(one, cases[index + 1])) ?? {
          varnishd: '',
          troupe: 'not started',
        };
        if (one.difference === undefined) expect(troupe).toBe(varnishd);
        else expect(troupe, `not different any more: ${one.difference}`).not.toBe(varnishd);
      });
    }
  });
}
