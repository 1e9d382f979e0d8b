/**
 * What the life of a request tells a log. Entries are built only where there is a log to read them.
 */
import type { Hooks } from '../../config/hooks.ts';
import type { ConfigKey } from '../../config-key.ts';
import type { TroupeError } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { PeerEntry } from '../peer/peer-operation.ts';
import type { RequestReport } from './request-report.ts';

interface RequestEntry {
  readonly config: ConfigKey;
  /** undefined in init and fini, which belong to no request. */
  readonly xid: string | undefined;
  readonly error: TroupeError;
}

/** A backend that could not be used, or did not keep what it had promised. */
export interface FailureEntry extends RequestEntry {
  readonly identity: Identity | undefined;
  readonly client: string;
  readonly method: string;
  readonly url: string;
  readonly restarts: number;
  readonly retries: number;
}

/** A hook that threw, returned a promise or something that means nothing there. */
export interface HookErrorEntry extends RequestEntry {
  readonly hook: keyof Hooks;
}

/** Each receiver may be absent. */
export interface RequestLog {
  /** Called with each request that has ended: the access log. Looked at once, when the data plane is made. */
  access?(report: RequestReport): void;
  failure?(entry: FailureEntry): void;
  hookError?(entry: HookErrorEntry): void;
  /** An operation of a peer that failed, was refused, dropped or left; a thread of its that died. */
  peer?(entry: PeerEntry): void;
  /** A line that a hook wrote, or that Troupe has to say about a request. */
  line?(config: ConfigKey, xid: string | undefined, message: string): void;
}
