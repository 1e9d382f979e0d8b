/** Memory that is really in use: asked after everything else has been collected. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc');

/** @returns {number} bytes of live objects, those outside the heap included */
export function liveBytes() {
  // What finalizers let go goes with the second collection.
  collect();
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
