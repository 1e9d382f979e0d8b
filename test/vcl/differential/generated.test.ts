/**
 * Random programs run in varnishd and in Troupe. The long form: TROUPE_FUZZ_RUNS=2000; to repeat one that differs:
 * TROUPE_TEST_SEED.
 */
import { fc } from '@fast-check/vitest';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { needVarnishd } from '../../support/varnishd.ts';
import { type BothProxies, startBoth } from './both-proxies.ts';
import { randomCase } from './random-program.ts';

const { TROUPE_TEST_SEED, TROUPE_FUZZ_RUNS } = process.env;
/** The short form, which CI runs, is the same each time: it keeps what holds; the long one looks for what does not. */
const seed = Number(
  TROUPE_TEST_SEED ?? (TROUPE_FUZZ_RUNS === undefined ? 1 : Math.floor(Math.random() * 2 ** 31)),
);
const numRuns = Number(TROUPE_FUZZ_RUNS ?? 20);
/** Milliseconds for one program in both, with room for a slow machine. */
const PATIENCE_MS = 10_000;

let both: BothProxies | undefined;

beforeAll(async () => {
  both = await startBoth().catch(() => undefined);
});

afterAll(() => both?.stop());

test('does what varnishd does, whatever the program', {
  timeout: 60_000 + numRuns * PATIENCE_MS,
}, async (context) => {
  needVarnishd(context);
  console.info(`comparing ${numRuns} programs with varnishd; to repeat: TROUPE_TEST_SEED=${seed}`);
  await fc.assert(
    fc.asyncProperty(randomCase, async (one) => {
      const { varnishd, troupe } = (await both?.compare(one)) ?? { varnishd: '', troupe: 'not started' };
      expect(troupe, one.vcl).toBe(varnishd);
    }),
    { seed, numRuns },
  );
});
