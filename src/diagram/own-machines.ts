/** The machines that Troupe is made of, in the order in which a reader should meet them. */
import type { AnyStateMachine } from 'xstate';
import { backendMachine } from '../actors/backend.ts';
import { cacheFetchMachine } from '../actors/cache-fetch.ts';
import { cacheObjectMachine } from '../actors/cache-object.ts';
import { configMachine } from '../actors/config.ts';
import { directorMachine } from '../actors/director.ts';
import { peerPoolMachine } from '../actors/peer-pool.ts';
import { peerWorkerMachine } from '../actors/peer-worker.ts';
import { pollerMachine } from '../actors/poller.ts';
import { saintEntryMachine } from '../actors/saint-entry.ts';
import { saintmodeMachine } from '../actors/saintmode.ts';
import { supervisorMachine } from '../actors/supervisor.ts';

/** By the name of the file in `src/actors/`, which is also that of the drawing. */
export const ownMachines: Readonly<Record<string, AnyStateMachine>> = {
  supervisor: supervisorMachine,
  config: configMachine,
  backend: backendMachine,
  poller: pollerMachine,
  director: directorMachine,
  saintmode: saintmodeMachine,
  'saint-entry': saintEntryMachine,
  'cache-fetch': cacheFetchMachine,
  'cache-object': cacheObjectMachine,
  'peer-pool': peerPoolMachine,
  'peer-worker': peerWorkerMachine,
};
