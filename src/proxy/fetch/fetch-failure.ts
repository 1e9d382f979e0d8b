/** Why a fetch failed, as errors that name backend, limit and value. */
import { type ErrorCode, TroupeError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import { describeSocketFailure } from '../../socket-failure.ts';

/** How far a fetch had come. */
export type FetchPhase = 'queued' | 'written' | 'answering' | 'body';

export function backendFailure(
  code: ErrorCode,
  identity: Identity,
  what: string,
  retryable: boolean,
  cause?: unknown,
): TroupeError {
  return new TroupeError(code, `${identity}: ${what}`, { side: 'backend', retryable, cause });
}

/** `60 s`, `0.25 s`. */
export function seconds(ms: number): string {
  return `${ms / 1000} s`;
}

/** An answer that is not HTTP; `mistake` says why. */
export function malformed(identity: Identity, mistake: string, retryable: boolean): TroupeError {
  const what = `sent a malformed answer: ${mistake}`;
  return backendFailure('backend.malformed', identity, what, retryable);
}

/** A request that would be another one on the wire, or more than one. */
export function unsendable(identity: Identity, mistake: string): TroupeError {
  const message = `${identity}: this request cannot be sent as it stands: ${mistake}`;
  return new TroupeError('troupe.internal', message, { side: 'troupe' });
}

/** The connection ended, with an error of the socket's or in order, before the answer did. */
export function connectionLost(
  error: Error | undefined,
  identity: Identity,
  phase: FetchPhase,
  retryable: boolean,
): TroupeError {
  const how = error === undefined ? 'closed the connection' : describeSocketFailure(error);
  return backendFailure('backend.reset', identity, `${how} ${places[phase]}`, retryable, error);
}

const places: Readonly<Record<FetchPhase, string>> = {
  queued: 'before the request was sent',
  written: 'before it answered',
  answering: "in the middle of the answer's head",
  body: "in the middle of the answer's body",
};

/**
 * Why a request's body broke off.
 *
 * @param error what the stream was destroyed with
 */
export function bodyFailure(error: Error | undefined): TroupeError {
  if (error instanceof TroupeError) return error;
  const message = "the client did not send the whole of the request's body";
  return new TroupeError('client.gone', message, { side: 'client', cause: error });
}

export function bodyMismatch(): TroupeError {
  const message = 'the request has a body of another length than announced';
  return new TroupeError('client.malformed', message, { side: 'client' });
}
