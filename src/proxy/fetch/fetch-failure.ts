/** Why a fetch failed: from what undici and the socket say to an error that names backend, limit and value. */
import { type ErrorCode, TroupeError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import { describeSocketFailure } from '../../socket-failure.ts';
import { MAX_HEAD_BYTES } from './backend-connection.ts';

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
export function malformed(
  identity: Identity,
  mistake: string,
  retryable: boolean,
  cause?: unknown,
): TroupeError {
  return backendFailure(
    'backend.malformed',
    identity,
    `sent a malformed answer: ${mistake}`,
    retryable,
    cause,
  );
}

/** What undici reports, or the error of a socket. */
export function failureOf(
  error: Error,
  identity: Identity,
  phase: FetchPhase,
  retryable: boolean,
): TroupeError {
  const code = (error as NodeJS.ErrnoException).code ?? '';
  if (error instanceof TroupeError) return error;
  if (code === 'UND_ERR_INVALID_ARG' || code === 'UND_ERR_NOT_SUPPORTED') {
    const message = `${identity}: this request cannot be sent as it stands: ${error.message}`;
    return new TroupeError('troupe.internal', message, { side: 'troupe', cause: error });
  }
  if (code === WRONG_LENGTH) return bodyFailure(error);
  if (code === 'UND_ERR_HEADERS_OVERFLOW') {
    return malformed(identity, `its fields are longer than ${MAX_HEAD_BYTES} bytes`, retryable, error);
  }
  if (error.name === 'HTTPParserError' && !error.message.includes(ENDED_EARLY)) {
    // Not as the cause: undici's error carries the rest of what was read.
    return malformed(identity, parserReason(error), retryable);
  }
  // undici's word for any failure of an answer that has announced a length.
  const isMismatch = code === 'UND_ERR_RES_CONTENT_LENGTH_MISMATCH';
  if (isMismatch && phase !== 'body') return malformed(identity, 'its head is broken', retryable, error);
  if (error.message === 'bad response' || error.message === 'bad upgrade') {
    return malformed(identity, 'it is not the answer to an ordinary request', retryable, error);
  }
  const isClose = code.startsWith('UND_ERR_') || code === '';
  const how = isClose ? 'closed the connection' : describeSocketFailure(error);
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
 * @param error what the stream was destroyed with; undici destroys it, too, when it is longer than announced
 */
export function bodyFailure(error: Error | undefined): TroupeError {
  if (error instanceof TroupeError) return error;
  if ((error as NodeJS.ErrnoException | undefined)?.code === WRONG_LENGTH) {
    const message = 'the request has a body of another length than announced';
    return new TroupeError('client.malformed', message, { side: 'client', cause: error });
  }
  const message = "the client did not send the whole of the request's body";
  return new TroupeError('client.gone', message, { side: 'client', cause: error });
}

const WRONG_LENGTH = 'UND_ERR_REQ_CONTENT_LENGTH_MISMATCH';

/** What llhttp says when the connection ends before the last chunk. */
const ENDED_EARLY = 'Invalid EOF state';

/** undici puts what llhttp says into parentheses. */
function parserReason(error: Error): string {
  return /\((.*)\)$/.exec(error.message)?.[1] ?? error.message;
}
