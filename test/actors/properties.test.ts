/**
 * What must hold of each machine, in whatever happens to it: one property for each, in `properties/`. Together they must
 * reach every state and take every transition; what none reaches is dead, or missing from what may happen.
 */
import { afterAll, expect, test } from 'vitest';
import { ownMachines } from '../../src/diagram/own-machines.ts';
import { type Coverage, coverageTable, type MachineReport } from '../../src/testing/index.ts';
import { backend } from './properties/backend.ts';
import { cacheFetch } from './properties/cache-fetch.ts';
import { cacheObject } from './properties/cache-object.ts';
import { config } from './properties/config.ts';
import { director } from './properties/director.ts';
import { peerPool } from './properties/peer-pool.ts';
import { peerWorker } from './properties/peer-worker.ts';
import { poller } from './properties/poller.ts';
import { saintEntry } from './properties/saint-entry.ts';
import { saintmode } from './properties/saintmode.ts';
import { supervisor } from './properties/supervisor.ts';

interface MachineInvariant {
  /** A sentence: what holds. */
  readonly invariant: string;
  readonly check: () => MachineReport;
}

const properties: Readonly<Record<string, MachineInvariant>> = {
  supervisor,
  config,
  backend,
  poller,
  director,
  saintmode,
  'saint-entry': saintEntry,
  'cache-fetch': cacheFetch,
  'cache-object': cacheObject,
  'peer-pool': peerPool,
  'peer-worker': peerWorker,
};

const covered: Coverage[] = [];

afterAll(() => {
  console.log(coverageTable(covered));
});

test('every machine has a property', () => {
  expect(Object.keys(properties)).toEqual(Object.keys(ownMachines));
});

for (const [name, { invariant, check }] of Object.entries(properties)) {
  test(`${name}: ${invariant}`, () => {
    const { coverage } = check();
    covered.push(coverage);
    expect(coverage.machine).toBe(ownMachines[name]);
    coverage.assertComplete();
  });
}
