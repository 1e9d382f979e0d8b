/**
 * The one error class. An error is a value with a code for programs and a sentence for people: what went
 * wrong, with which thing, and what to do about it.
 */

export type ErrorCode =
  // a config cannot be used
  | 'config.unreadable'
  | 'config.syntax'
  | 'config.invalid'
  | 'config.unresolvable'
  | 'config.hook-failed'
  | 'config.hook-async'
  // a command cannot be carried out
  | 'command.unknown-config'
  | 'command.name-taken'
  | 'command.illegal-name'
  | 'command.illegal-value'
  | 'command.config-not-ready'
  | 'command.config-in-use'
  | 'command.unknown-backend'
  | 'command.ambiguous-backend'
  | 'command.unknown-target'
  | 'command.stopping'
  // whoever asks the dashboard may not, or asks what cannot be understood
  | 'admin.needs-token'
  | 'admin.unauthorized'
  | 'admin.forbidden'
  | 'admin.not-found'
  | 'admin.wrong-method'
  | 'admin.malformed'
  | 'admin.too-large'
  | 'admin.timeout'
  | 'admin.busy'
  // a request cannot be answered by a backend
  | 'backend.none-healthy'
  | 'backend.busy'
  | 'backend.connect-failed'
  | 'backend.connect-timeout'
  | 'backend.first-byte-timeout'
  | 'backend.between-bytes-timeout'
  | 'backend.reset'
  | 'backend.malformed'
  // a client's request cannot be served
  | 'client.malformed'
  | 'client.too-large'
  | 'client.timeout'
  | 'client.gone'
  // Troupe itself
  | 'troupe.hook-threw'
  | 'troupe.hook-async'
  | 'troupe.limit'
  | 'troupe.not-replayable'
  | 'troupe.abandoned'
  | 'troupe.body-consumed'
  | 'troupe.illegal-option'
  | 'troupe.listen-failed'
  | 'troupe.log-failed'
  | 'troupe.outside-hook'
  | 'troupe.internal';

/** A place in a config file, as a person looks for it. Line and column count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  /** Characters that it is about, on that line. Default: a word, as a reader of it would see one. */
  readonly length?: number;
}

/** How a mistake is come to: from the sub that calls the one it is in, for instance. */
export interface Step {
  readonly message: string;
  readonly place: Place;
}

export interface TroupeErrorOptions {
  /** Whose doing it is: the client's, the backend's, or Troupe's own (its config included). */
  readonly side: 'client' | 'backend' | 'troupe';
  /** Whether the same request may be tried again, on this backend or another. Default: false. */
  readonly retryable?: boolean;
  readonly cause?: unknown;
  /** Where in a config the mistake stands. */
  readonly place?: Place | undefined;
  /** One more sentence for whoever must put it right, where the message alone leaves that open. */
  readonly advice?: string | undefined;
  /** How that place is come to, innermost first. Default: nobody need know. */
  readonly trail?: readonly Step[] | undefined;
}

export class TroupeError extends Error {
  override readonly name = 'TroupeError';
  readonly code: ErrorCode;
  readonly side: 'client' | 'backend' | 'troupe';
  readonly retryable: boolean;
  readonly place: Place | undefined;
  readonly advice: string | undefined;
  readonly trail: readonly Step[];

  constructor(code: ErrorCode, message: string, options: TroupeErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.side = options.side;
    this.retryable = options.retryable ?? false;
    this.place = options.place;
    this.advice = options.advice;
    this.trail = options.trail ?? [];
  }
}
