/**
 * `beresp` in the hook backendError: an answer that is made here because a backend gave none. As varnishd has it, it may
 * be kept like one that came, but is not unless a hook says so.
 */
import { SyntheticMessage } from './messages.ts';

export class BackendErrorMessage extends SyntheticMessage {
  /** Milliseconds from now on. */
  ttl = 0;
  grace = 0;
  keep = 0;
  uncacheable = false;
  /** The storage that a hook wants it in, if it is kept. */
  storage: string | undefined;
}
