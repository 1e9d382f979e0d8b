/**
 * A request that this process itself makes, through a director or backend: what a client of the proxy's own
 * API hands over. It goes the backend's side of the way only, and may fail, where a request that a client sent
 * is always owed a response.
 */
import type { TroupeError } from '../../errors.ts';
import type { Exchange } from './exchange.ts';

export interface FetchExchange extends Exchange {
  /** Milliseconds; undefined: those of the backend. */
  readonly firstByteTimeoutMs: number | undefined;
  readonly betweenBytesTimeoutMs: number | undefined;
  /** There is no response, or the rest of its body will not come. The last call. */
  fail(error: TroupeError): void;
}
