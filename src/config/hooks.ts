/**
 * Hooks: the functions of a config that run with each request, named as the VCL subs in camelCase. They run
 * to completion synchronously: a returned promise and a throw are errors of that request alone (503).
 * What each may return is what vcl-step(7) allows there; returning nothing takes the first one listed.
 */
import type { HeaderFields } from '../proxy/http/fields.ts';
import type { ShardChoice, ShardParamDeclaration } from './shard-declaration.ts';
import type { ShardUse } from './shard-use.ts';

/**
 * Where to send a request: something that has the name of a backend, director or saintmode object of the
 * same config, or that name itself.
 */
export type BackendRef =
  | string
  | {
      readonly name: string;
      /** Of a hash director: what to distribute by. */
      readonly key?: string | undefined;
      /** Of a shard director: what `app.backend({ ... })` was given. */
      readonly shard?: ShardChoice | undefined;
    };

/** Answer without a backend: `return (synth(404, "Not found"))`. */
export interface Synth {
  readonly synth: number;
  /** Default: the status's registered phrase. */
  readonly reason?: string | undefined;
}

/** Go to backendError with this status: `return (error(503, "No"))`. */
export interface BackendErrorAnswer {
  readonly error: number;
  /** Default: the status's registered phrase. */
  readonly reason?: string | undefined;
}

export type RecvAction = 'hash' | 'pass' | 'pipe' | 'purge' | 'restart' | 'fail' | Synth;
export type HashAction = 'lookup' | 'fail';
export type PipeAction = 'pipe' | 'fail' | Synth;
export type PassAction = 'fetch' | 'restart' | 'fail' | Synth;
export type HitAction = 'deliver' | 'pass' | 'restart' | 'fail' | Synth;
export type MissAction = 'fetch' | 'pass' | 'restart' | 'fail' | Synth;
export type PurgeAction = Synth | 'restart' | 'fail';
export type BackendFetchAction = 'fetch' | 'abandon' | 'fail' | BackendErrorAnswer;
export type BackendResponseAction = 'deliver' | 'retry' | 'abandon' | 'pass' | 'fail' | BackendErrorAnswer;
export type BackendErrorAction = 'deliver' | 'retry' | 'abandon' | 'fail';
export type DeliverAction = 'deliver' | 'restart' | 'fail' | Synth;
export type SynthAction = 'deliver' | 'restart' | 'fail';

/** What every hook with a request can read and do. */
export interface HookContext {
  /** Milliseconds since 1970 at which the hook began; one value for the whole hook. VCL: `now`. */
  readonly now: number;
  readonly client: { readonly ip: string; readonly port: number };
  readonly server: { readonly ip: string; readonly port: number; readonly listener: string };
  /** Whom the connection comes from: a proxy in front, where one has said who `client` is. VCL: `remote.ip`. */
  readonly remote: { readonly ip: string; readonly port: number };
  /** Where it has come to, likewise. VCL: `local.ip`. */
  readonly local: { readonly ip: string; readonly port: number };
  /** Number of the client's connection among those of requests; "0" without one. VCL: `sess.xid`. */
  readonly sessionXid: string;
  /** Adds a line to this request's entry in the log. VCL: `std.log()`. */
  log(message: string): void;
  /**
   * Bans everything in the cache that all conditions hold of: `ban('obj.http.x-lang == en && req.url ~ ^/news')`, or
   * the words of that in an array, where one has blanks in it. VCL: `ban()`.
   *
   * @throws TroupeError `command.illegal-value`
   */
  ban(conditions: string | readonly string[]): void;
  /** Whether something can be asked now. VCL: `std.healthy()`. Unknown names are sick. */
  healthy(target: BackendRef): boolean;
  /**
   * The name of the backend that would be picked now, a moment before there is anything to send; undefined: none is
   * healthy for the request. Cursors move, as with every pick. VCL: `.resolve()`.
   */
  resolve(target: BackendRef): string | undefined;
}

/** VCL: `req`. */
export interface ClientRequest {
  method: string;
  /** Path and query. */
  url: string;
  readonly proto: string;
  readonly http: HeaderFields;
  /** VCL: `req.backend_hint`. Reading gives what was assigned, or the config's default. */
  backend: BackendRef | undefined;
  /** Times this request has been restarted. */
  readonly restarts: number;
  /** Unique within this process. VCL: `req.xid`. */
  readonly xid: string;
}

/** VCL: `bereq`. A copy of `req`, made when the fetch begins. */
export interface BackendRequest {
  method: string;
  url: string;
  readonly proto: string;
  readonly http: HeaderFields;
  /** VCL: `bereq.backend`. In backendResponse and backendError reading gives the backend that was asked. */
  backend: BackendRef | undefined;
  /** Times this fetch has been retried. */
  readonly retries: number;
  readonly xid: string;
  /** Whether the request has a body. */
  readonly hasBody: boolean;
  /** Milliseconds; assigning overrides the backend's own for this fetch. */
  connectTimeoutMs: number | undefined;
  firstByteTimeoutMs: number | undefined;
  betweenBytesTimeoutMs: number | undefined;
  /**
   * Says how a shard director, or every one that a parameter set belongs to, is to pick for this request and its
   * retries, wherever the director stands: `bereq.shard(retry, { alt: bereq.retries, healthy: 'all' })`. What is
   * said later replaces what was said before. VCL: `shard_param.set()`, `xshard.backend(resolve=LAZY)`.
   *
   * @throws TroupeError `config.invalid`
   */
  shard(of: ShardParamDeclaration | { readonly name: string } | string, use: ShardUse): void;
}

/** VCL: `beresp` and `resp`. */
export interface Response {
  /**
   * 101 where the backend has switched to a protocol that the client offered: then the field Upgrade says to
   * which, and assigning another status refuses it. No other response can be given this status.
   */
  status: number;
  /** Assigning an unknown status changes it to that status's phrase, unless one is assigned afterwards. */
  reason: string;
  readonly proto: string;
  readonly http: HeaderFields;
}

/**
 * What a backend answered, and how long it is to be kept. Milliseconds; assigning takes a duration such as '1.5m',
 * too. VCL: `beresp`.
 */
export interface BackendResponse extends Response {
  /**
   * For how long it may be served from now on; not positive: its backend is asked each time. Assigning a positive one
   * makes an answer cacheable that only failed to say how long it is fresh, or what statuses do by default.
   */
  get ttl(): number;
  set ttl(duration: number | string);
  /** For how long after that it may be served while it is fetched anew. */
  get grace(): number;
  set grace(duration: number | string);
  /** For how long after that it is kept, so that its backend can be asked whether it has changed. */
  get keep(): number;
  set keep(duration: number | string);
  /**
   * Whether it is for this request only. Assigning true remembers that for the ttl (or two minutes), so that requests
   * do not wait for each other; false keeps what the rules of the cache would not, if it can be kept at all.
   */
  uncacheable: boolean;
  /** How old it was when it came. */
  readonly age: number;
}

/** An object of the cache. Milliseconds, as they are now. VCL: `obj`. */
export interface CacheObject {
  readonly status: number;
  readonly reason: string;
  /** Reading only: changes have no effect. */
  readonly http: HeaderFields;
  readonly ttl: number;
  readonly grace: number;
  readonly keep: number;
  readonly age: number;
  /** Times it was served from the cache, this one included; 0 for the request that fetched it. */
  readonly hits: number;
  /** Whether it is for one request only. */
  readonly uncacheable: boolean;
}

export interface PurgeOptions {
  /** Ends only the ttl: what is purged is stale, may be served for its grace, and is asked about. Default: false. */
  readonly soft?: boolean | undefined;
  /** If soft, milliseconds for which it may be fresh from now on, and bounds of its grace and keep. Default: 0, none. */
  readonly ttl?: number | undefined;
  readonly grace?: number | undefined;
  readonly keep?: number | undefined;
}

/** An answer that a hook writes: in synth and in backendError. VCL: `synthetic()`. */
export interface SyntheticResponse extends Response {
  /** Bytes of the body; starts as a small HTML page that names status and reason. */
  body: string | Uint8Array;
}

export interface ClientContext extends HookContext {
  readonly req: ClientRequest;
}

export interface HashContext extends ClientContext {
  /** Adds to what the object is known by. If a hook returns without a call, URL and Host are used. */
  hashData(data: string): void;
}

export interface PipeContext extends ClientContext {
  readonly bereq: BackendRequest;
}

/** In hit and miss. */
export interface LookupContext extends ClientContext {
  /**
   * Purges what this request would get, in all variants; what is under way too. VCL: `purge.hard()`, `purge.soft()`.
   *
   * @returns how many objects were purged
   */
  purge(options?: PurgeOptions): number;
}

export interface HitContext extends LookupContext {
  readonly obj: CacheObject;
}

export interface DeliverContext extends ClientContext {
  readonly resp: Response;
  /** How it was kept: what is delivered stands in `resp`. */
  readonly obj: Omit<CacheObject, 'status' | 'reason' | 'http'>;
}

export interface SynthContext extends ClientContext {
  readonly resp: SyntheticResponse;
}

export interface FetchContext extends HookContext {
  readonly bereq: BackendRequest;
}

export interface BackendResponseContext extends FetchContext {
  readonly beresp: BackendResponse;
  /**
   * Saintmode: this object must not be asked of the backend that just answered for so long, whoever asks.
   * A logged no-op where no saintmode object wraps that backend. VCL: `saintmode.blacklist()`.
   *
   * @param duration milliseconds, or a string with a unit: '20s'
   */
  deny(duration: number | string): void;
}

export interface BackendErrorContext extends FetchContext {
  readonly beresp: SyntheticResponse;
  /** As in backendResponse: here for a backend that did not answer. */
  deny(duration: number | string): void;
}

/** In init and fini, which run when a config is loaded and when the last request on it has ended. */
export interface LifeContext {
  log(message: string): void;
}

export interface Hooks {
  readonly init?: (context: LifeContext) => undefined | 'fail';
  readonly fini?: (context: LifeContext) => undefined;
  readonly recv?: (context: ClientContext) => RecvAction | undefined;
  readonly hash?: (context: HashContext) => HashAction | undefined;
  readonly pipe?: (context: PipeContext) => PipeAction | undefined;
  readonly pass?: (context: ClientContext) => PassAction | undefined;
  readonly hit?: (context: HitContext) => HitAction | undefined;
  readonly miss?: (context: LookupContext) => MissAction | undefined;
  readonly purge?: (context: ClientContext) => PurgeAction | undefined;
  readonly backendFetch?: (context: FetchContext) => BackendFetchAction | undefined;
  readonly backendResponse?: (context: BackendResponseContext) => BackendResponseAction | undefined;
  readonly backendError?: (context: BackendErrorContext) => BackendErrorAction | undefined;
  readonly deliver?: (context: DeliverContext) => DeliverAction | undefined;
  readonly synth?: (context: SynthContext) => SynthAction | undefined;
}
