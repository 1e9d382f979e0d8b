/** One backend asked, as the story of a request tells it. */
import type { TroupeError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { BackendTarget } from '../directors/target.ts';
import type { BackendPick } from './backend-pick.ts';
import type { HookOwner } from './contexts.ts';
import { type BackendTry, inMicroseconds } from './request-report.ts';

/** What is remembered of a backend while it is asked. */
export interface AskedBackend {
  readonly target: BackendTarget;
  /** Milliseconds of the clock. */
  readonly sentAt: number;
  /** Milliseconds of the clock; undefined: no head has come. */
  readonly answeredAt?: number | undefined;
  /** Of the answer; 0 without one. */
  readonly status: number;
  readonly connectMs?: number | undefined;
}

export interface TryOutcome {
  /** See `BackendTry`. */
  readonly givenUp: string | undefined;
  readonly error: TroupeError | undefined;
  /** 0: no hook has denied it. */
  readonly deniedForMs: number;
}

/**
 * To be called when the try is over.
 *
 * @param pick what has chosen the backend, as it was then
 * @param asked undefined: nobody could be asked
 */
export function describeTry(
  { environment, exchange }: HookOwner,
  pick: BackendPick,
  asked: AskedBackend | undefined,
  { givenUp, error, deniedForMs }: TryOutcome,
): BackendTry {
  const now = environment.clock.now();
  const sentAt = asked?.sentAt ?? now;
  const answeredAt = asked?.answeredAt;
  const connectMs = asked?.connectMs;
  const status = asked?.status ?? 0;
  return {
    identity: asked?.target.identity,
    via: pick.way(),
    ...(pick.denied === undefined ? {} : { denied: [...pick.denied] as Identity[] }),
    startMs: inMicroseconds(sentAt - exchange.receivedAt),
    ms: inMicroseconds(now - sentAt),
    ...(pick.panic === undefined ? {} : { panic: pick.panic }),
    ...(pick.waitedMs === 0 ? {} : { waitedMs: inMicroseconds(pick.waitedMs) }),
    ...(connectMs === undefined ? {} : { connectMs: inMicroseconds(connectMs) }),
    ...(answeredAt === undefined ? {} : { firstByteMs: inMicroseconds(answeredAt - sentAt) }),
    ...(status === 0 ? {} : { status }),
    ...(error === undefined ? {} : { error: { code: error.code, message: error.message } }),
    ...(deniedForMs === 0 ? {} : { deniedForMs }),
    ...(givenUp === undefined ? {} : { givenUp }),
  };
}
