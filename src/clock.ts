/** Time, as both planes take it: an argument, so that a simulation can give its own. */
export interface Clock {
  /** Milliseconds; the zero point is the implementation's, and it never goes back. */
  now(): number;
  /** Milliseconds since 1970-01-01 UTC, for what people and HTTP read. */
  wallNow(): number;
  /** Calls `fire` once after `ms` milliseconds, never before this returns. Returns what cancels it. */
  after(ms: number, fire: () => void): () => void;
}
