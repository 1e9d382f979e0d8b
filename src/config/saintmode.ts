/** `saintmode()`: a backend that is sick for the objects denied to it. Source: vmod_saintmode(3). */
import type { BackendHandle } from './backend.ts';
import { captureCallSite } from './call-site.ts';
import { Handle, recordCall } from './handle.ts';

export interface SaintmodeOptions {
  /** Objects denied to the backend, from which on it counts as sick for every object. 0: never. */
  readonly threshold: number;
}

export class SaintmodeHandle extends Handle {
  readonly kind = 'saintmode object';
}

/**
 * Wraps a backend, so that `deny('20s')` in backendResponse or backendError keeps the object in question from
 * being asked of it for so long. To be used in the backend's place: as a member of directors, as `req.backend`.
 */
export function saintmode(backend: BackendHandle, options: SaintmodeOptions): SaintmodeHandle {
  const handle = new SaintmodeHandle();
  recordCall(handle, captureCallSite(saintmode), [backend, options]);
  return handle;
}
