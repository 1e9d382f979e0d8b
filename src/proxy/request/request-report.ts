/**
 * What became of one request, as plain data: an entry of the access log, and of the list of failed requests.
 * Built when the request has ended, and only for somebody who reads it. Times are milliseconds.
 */
import type { Hooks } from '../../config/hooks.ts';
import type { ConfigKey } from '../../config-key.ts';
import type { ErrorCode, Place } from '../../errors.ts';
import type { Identity } from '../../identity.ts';
import type { Exchange } from '../http/exchange.ts';
import type { RequestEnvironment } from './environment.ts';
import type { RequestStory } from './request-story.ts';
import type { Ending } from './traffic.ts';
import type { TunnelEnd } from './tunnel.ts';

/** One backend asked, or the attempt to find one. */
export interface BackendTry {
  /** Who was asked; undefined: nobody could be. */
  readonly identity: Identity | undefined;
  /** Directors and saintmode objects that led there, the one that was named first; empty for a bare backend. */
  readonly via: readonly string[];
  /** Backends that were stepped over because the saint list denies them this object. */
  readonly denied?: readonly Identity[];
  /** The director that had too few healthy members, so that it ignored health; absent if none had. */
  readonly panic?: string;
  /** How long it waited for a slot, before it began, because of the backend's `maxConnections`. */
  readonly waitedMs?: number;
  /** When it began, counted from the request's receipt. */
  readonly startMs: number;
  /** How long it took, until it was given up or all of its answer was passed on. */
  readonly ms: number;
  /** How long it took to connect; absent if a kept connection was used, or none could be made. */
  readonly connectMs?: number;
  /** From its begin to the head of the answer; absent without one. */
  readonly firstByteMs?: number;
  /** Of the backend's answer; absent without one. */
  readonly status?: number;
  /** What failed; absent if nothing did. */
  readonly error?: { readonly code: ErrorCode; readonly message: string };
  /** For how long a hook has denied this backend the object from now on. */
  readonly deniedForMs?: number;
  /**
   * Why its answer is not what the client got: `retry after 503: backendResponse` (what was done, after what,
   * and the hook that wanted it), an error's code, `aborted` for a client that has gone. Absent if it is.
   */
  readonly givenUp?: string;
}

/** A hook that threw, returned a promise, or left something that cannot be used. */
export interface HookMistake {
  readonly hook: keyof Hooks;
  readonly code: ErrorCode;
  readonly message: string;
  /** In the config's own text. */
  readonly place?: Place;
}

/** What a request failed for. */
export interface Failure {
  /** Absent if a hook wanted it so. */
  readonly code?: ErrorCode;
  readonly message: string;
}

export interface RequestReport {
  /** When the request was received: milliseconds since 1970. */
  readonly time: number;
  readonly xid: string;
  /** undefined: none was in use. */
  readonly config: ConfigKey | undefined;
  readonly listener: string;
  /** The client's address; empty for a unix socket. */
  readonly client: string;
  readonly method: string;
  /** The target, as the client sent it. */
  readonly url: string;
  /** The field Host, as hooks have left it. */
  readonly host: string | undefined;
  readonly proto: string;
  /** Of the response; 0 if none has begun. */
  readonly status: number;
  readonly ending: Ending;
  /** Why a tunnel (a pipe, an upgrade) has ended; absent where the request became none. */
  readonly tunnelEnd?: TunnelEnd;
  /** Of the response's body, and of the request's as far as it was read; of tunnels, everything. */
  readonly bytesSent: number;
  readonly bytesReceived: number;
  /** From the request's receipt to its end. */
  readonly ms: number;
  /**
   * The same in phases: until the first backend was asked (or the end, without one), until the answer that the
   * client got (the answers not wanted included), and until the end of its body.
   */
  readonly phases: { readonly recv: number; readonly fetch: number; readonly deliver: number };
  readonly restarts: number;
  readonly retries: number;
  /** In the order in which they were made. */
  readonly tries: readonly BackendTry[];
  /** What hooks wrote with `log()`, and what Troupe has to say about the request. */
  readonly lines: readonly string[];
  readonly hookErrors: readonly HookMistake[];
  /** Absent if all went well. */
  readonly failure?: Failure;
}

/**
 * A request that Troupe could not serve as it should have: no backend answered, the answer was cut, a hook
 * failed, or no config was in use. What an application says of itself (404, 500) is no failure here, nor is a
 * response that a hook makes with `synth`.
 */
export interface FailedRequest extends RequestReport {
  readonly failure: Failure;
}

/** What a request knows of itself at its end. */
export interface EndedRequest {
  readonly config: ConfigKey | undefined;
  readonly xid: string;
  readonly restarts: number;
  readonly ending: Ending;
  readonly status: number;
  readonly bytesSent: number;
  readonly bytesReceived: number;
  readonly tunnelEnd?: TunnelEnd | undefined;
  readonly story: RequestStory | undefined;
}

/** Tells those who read about requests that this one has ended. Called where there is somebody. */
export function tellEnd(environment: RequestEnvironment, exchange: Exchange, ended: EndedRequest): void {
  const { access, failedRequests } = environment;
  const failure = ended.story?.failure;
  const report = reportOf(environment, exchange, ended);
  access?.(report);
  if (failure !== undefined) failedRequests?.add({ ...report, failure });
}

function reportOf(
  { clock }: RequestEnvironment,
  exchange: Exchange,
  { config, xid, restarts, ending, status, bytesSent, bytesReceived, tunnelEnd, story }: EndedRequest,
): RequestReport {
  const total = clock.now() - exchange.receivedAt;
  const tries = story?.tries ?? [];
  const failure = story?.failure;
  return {
    time: Math.round(clock.wallNow() - total),
    xid,
    config,
    listener: exchange.listener,
    client: exchange.client.address,
    method: exchange.method,
    url: exchange.target,
    host: exchange.fields.get('Host'),
    proto: `HTTP/${exchange.version}`,
    status,
    ending,
    ...(tunnelEnd === undefined ? {} : { tunnelEnd }),
    bytesSent,
    bytesReceived,
    ms: inMicroseconds(total),
    phases: phasesOf(total, tries),
    restarts,
    retries: story?.retries ?? 0,
    tries,
    lines: story?.lines ?? [],
    hookErrors: story?.hookErrors ?? [],
    ...(failure === undefined ? {} : { failure }),
  };
}

function phasesOf(total: number, tries: readonly BackendTry[]): RequestReport['phases'] {
  const [first] = tries;
  const last = tries.at(-1);
  if (first === undefined || last === undefined) return { recv: inMicroseconds(total), fetch: 0, deliver: 0 };
  const isDelivered = last.givenUp === undefined && last.firstByteMs !== undefined;
  const answered = last.startMs + (isDelivered ? (last.firstByteMs ?? 0) : last.ms);
  return {
    recv: first.startMs,
    fetch: inMicroseconds(answered - first.startMs),
    deliver: inMicroseconds(Math.max(0, total - answered)),
  };
}

/** A clock tells more digits than anybody reads. */
export function inMicroseconds(ms: number): number {
  return Math.round(ms * 1_000) / 1_000;
}
