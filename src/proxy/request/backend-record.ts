/**
 * Counters of one backend identity, shared by all configs that declare it: in one data plane, so that the
 * limit on requests in flight needs nobody's answer.
 */
import type { ErrorCode } from '../../errors.ts';

export interface BackendStats {
  /** Requests that this data plane has asked and not yet ended. */
  readonly inFlight: number;
  /** Requests asked since the identity was first used. */
  readonly requests: number;
  /** Failures by their code: what came of requests asked, and those not asked because of `maxConnections`. */
  readonly failures: ReadonlyMap<ErrorCode, number>;
}

export class BackendRecord implements BackendStats {
  inFlight = 0;
  requests = 0;
  readonly failures = new Map<ErrorCode, number>();

  begin(): void {
    this.inFlight++;
    this.requests++;
  }

  end(): void {
    this.inFlight--;
  }

  countFailure(code: ErrorCode): void {
    this.failures.set(code, (this.failures.get(code) ?? 0) + 1);
  }
}
