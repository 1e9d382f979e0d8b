/**
 * The invariants that hold of every config, unless something is wrong with it. Of several that a run breaks, the first
 * one here is told: what is more particular stands before what follows from it.
 */
import type { Invariant } from '../invariant.ts';
import { boundedMemory } from './bounded-memory.ts';
import { boundedRestarts } from './bounded-restarts.ts';
import { deniedIsDenied } from './denied-is-denied.ts';
import { graceBridges } from './grace-bridges.ts';
import { healthByWindow } from './health-by-window.ts';
import { hooksDoNotFail } from './hooks-do-not-fail.ts';
import { noBreach } from './no-breach.ts';
import { noNeedless503 } from './no-needless-503.ts';
import { noSickBackend } from './no-sick-backend.ts';
import { nothingDoneTwice } from './nothing-done-twice.ts';
import { nothingWaits } from './nothing-waits.ts';
import { onePoller } from './one-poller.ts';
import { peersComeToRest } from './peers-come-to-rest.ts';
import { purgedIsGone } from './purged-is-gone.ts';
import { retriesElsewhere } from './retries-elsewhere.ts';
import { saintListHeeded } from './saint-list-heeded.ts';
import { switchLosesNothing } from './switch-loses-nothing.ts';

export const builtInInvariants: readonly Invariant[] = [
  noBreach,
  hooksDoNotFail,
  noSickBackend,
  deniedIsDenied,
  saintListHeeded,
  noNeedless503,
  boundedRestarts,
  graceBridges,
  purgedIsGone,
  peersComeToRest,
  switchLosesNothing,
  onePoller,
  healthByWindow,
  nothingWaits,
  boundedMemory,
  nothingDoneTwice,
  retriesElsewhere,
];
