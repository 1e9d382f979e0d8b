/**
 * examples/prove: what is wrong in each is found, and by the invariant that is there for it; what was put right stays
 * quiet. The long form, with as many worlds as fit in a minute each: TROUPE_PROVE=long.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { builtInInvariants } from '../../src/prove/invariants/built-in.ts';
import { invariantsFor } from '../../src/prove/invariants/own.ts';
import { loaderFor, textOf } from '../../src/prove/load-for-proof.ts';
import { type ProveOptions, prove } from '../../src/prove/prove.ts';
import { storyOf } from '../../src/prove/story.ts';

const folder = fileURLToPath(new URL('../../examples/prove/', import.meta.url));
const isLong = process.env['TROUPE_PROVE'] === 'long';

/** What each broken example breaks, and nothing else. */
const broken: Readonly<Record<string, string>> = {
  'checkout.broken.ts': 'checkout never reaches the legacy pool',
  'cleared-tenants.broken.ts': 'a switch to another config loses no request',
  'deaf-retry.broken.vcl': 'an object on the saint list of a backend is not asked of that backend',
  'double-order.broken.ts': 'no order is placed twice: what a backend may have carried out is not sent again',
  'early-pipe.broken.vcl':
    'no request goes to a backend known to be sick while a healthy one of the same director exists',
  'echoing-peers.broken.vcl': 'every accepted operation of a peer ends, and causes no others without end',
  'emptied-director.broken.vcl': 'no request gets 503 as long as somebody could have answered it',
  'endless-wait.broken.vcl': 'no request waits for ever',
  'growing-director.broken.vcl': 'memory is bounded: no director grows with each request',
  'half-saint.broken.vcl': 'what a hook puts on the saint list of a backend is on it',
  'hasty-panic.broken.ts':
    'no request goes to a backend known to be sick while a healthy one of the same director exists',
  'last-resort.broken.vcl': 'no request gets 503 as long as somebody could have answered it',
  'purge-too-early.broken.vcl': 'what was purged is not served any more',
  'restart-loop.broken.vcl': 'no request is retried or restarted over and over',
  'saint-threshold.broken.vcl': 'no request gets 503 as long as somebody could have answered it',
  'short-grace.broken.vcl': 'grace lasts until a probe can tell that an origin has failed',
  'slow-comeback.broken.vcl': 'no request gets 503 as long as somebody could have answered it',
  'starved-fallback.broken.vcl': 'no request gets 503 as long as somebody could have answered it',
  'sticky-cookie.broken.vcl':
    'no request goes to a backend known to be sick while a healthy one of the same director exists',
  'stubborn-retry.broken.vcl':
    'no request fails at one backend again and again while another one would have answered',
  'trusting-hook.broken.ts': 'no hook fails',
  'unforgiving-probe.broken.vcl': 'no request gets 503 as long as somebody could have answered it',
};

async function optionsFor(name: string, runs: number): Promise<ProveOptions> {
  const file = `${folder}${name}`;
  const own = await invariantsFor(file, []);
  const text = [await textOf(file), own.length > 0 ? await textOf(`${folder}checkout.prove.ts`) : ''].join(
    '\n',
  );
  return { load: await loaderFor(file), text, invariants: [...own, ...builtInInvariants], runs, seed: 1 };
}

const names = readdirSync(folder).filter((name) => /\.(?:broken|fixed)\.(?:vcl|ts)$/.test(name));

test('has a corrected twin for each broken example, and says in it what the mistake is', () => {
  for (const name of names.filter((one) => one.includes('.broken.'))) {
    expect(names).toContain(name.replace('.broken.', '.fixed.'));
    expect(readFileSync(`${folder}${name}`, 'utf8')).toContain('MISTAKE: ');
  }
  expect(names.length / 2).toBeGreaterThanOrEqual(12);
});

describe.each(names.filter((name) => name.includes('.broken.')))('%s', (name) => {
  test('is found, in a short story, by one invariant alone', { timeout: 60_000 }, async () => {
    const options = await optionsFor(name, 300);
    const { counterexample, isReproducible } = await prove(options);
    expect(counterexample?.invariant.name).toBe(broken[name]);
    if (counterexample === undefined) return;
    const { run, finding } = counterexample;
    expect(storyOf(run, finding).length).toBeLessThanOrEqual(12);
    expect(counterexample.scenario.events.length).toBeLessThanOrEqual(6);
    const caught = options.invariants.filter((one) => one.judge(run).finding !== undefined);
    expect(caught.map((one) => one.name)).toEqual([broken[name]]);
    expect(isReproducible).toBe(true);
  });
});

describe.each(names.filter((name) => name.includes('.fixed.')))('%s', (name) => {
  test('has nothing to be found', { timeout: 120_000 }, async () => {
    const options = await optionsFor(name, isLong ? 1_000_000 : 25);
    const { counterexample } = await prove(isLong ? { ...options, timeLimitMs: 60_000 } : options);
    expect(counterexample?.finding.message).toBeUndefined();
  });
});
