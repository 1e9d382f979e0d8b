/**
 * What hooks get: small objects made once a request where a hook exists, and none where none does. The
 * functions are fields and know their owner, so that a hook may take them apart: `({ req, log }) => ...`.
 */
import type {
  BackendErrorContext,
  BackendRef,
  BackendRequest,
  BackendResponse,
  BackendResponseContext,
  CacheObject,
  ClientContext,
  ClientRequest,
  DeliverContext,
  FetchContext,
  HashContext,
  HitContext,
  HookContext,
  LookupContext,
  PipeContext,
  PurgeOptions,
  Response,
  SynthContext,
  SyntheticResponse,
} from '../../config/hooks.ts';
import { issueBan } from '../cache/issue-ban.ts';
import type { Storage } from '../cache/storage.ts';
import type { Exchange, Session, SocketAddress } from '../http/exchange.ts';
import { pickEarly } from './early-pick.ts';
import type { LoadedConfig } from './loaded-config.ts';
import type { BackendMessage, ClientMessage } from './messages.ts';
import type { RequestHash } from './request-hash.ts';
import { type StoryOwner, storyOf } from './request-story.ts';

/** The request on whose behalf hooks run. */
export interface HookOwner extends StoryOwner {
  readonly loaded: LoadedConfig;
  readonly exchange: Exchange;
  readonly req: ClientMessage;
  requestHash(): RequestHash;
  /** The same, where it has been found out already. Asking for it earlier would settle it too soon. */
  readonly knownHash?: RequestHash | undefined;
  /** Instead of the environment's, for one whose own bans are not about what it brings. */
  issueBan?(words: readonly string[]): string | undefined;
}

/** A fetch, for the hooks of the backend side. */
export interface FetchOwner {
  readonly owner: HookOwner;
  /** Whether something could be asked now for this object: the saint list counts here. */
  accepts(target: BackendRef): boolean;
  deny(duration: number | string): void;
  /** Whom the answer comes from; undefined: over a unix socket, or not over one at all. */
  readonly peer: SocketAddress | undefined;
}

export class RequestContext implements HookContext {
  now = 0;
  readonly client: { readonly ip: string; readonly port: number };
  readonly server: { readonly ip: string; readonly port: number; readonly listener: string };
  readonly log: (message: string) => void;
  readonly healthy: (target: BackendRef) => boolean;
  readonly resolve: (target: BackendRef) => string | undefined;
  readonly #owner: HookOwner;

  /** @param healthy default: what is known of a target without regard to the request */
  constructor(owner: HookOwner, healthy?: (target: BackendRef) => boolean, bereq?: BackendMessage) {
    this.#owner = owner;
    const { client, server, listener } = owner.exchange;
    this.client = { ip: client.address, port: client.port };
    this.server = { ip: server.address, port: server.port, listener };
    this.log = (message) => say(owner, String(message));
    this.healthy = healthy ?? ((target) => owner.loaded.graph.get(nameOf(target))?.healthy ?? false);
    this.resolve = (target) => pickEarly(owner, bereq, target);
  }

  /** Where objects are kept, by name; undefined: nowhere. VCL: `storage.*`. */
  get storages(): ReadonlyMap<string, Storage> | undefined {
    return this.#owner.environment.store?.storages;
  }

  /** The storage of the next object of which nobody says where. */
  get nextStorage(): string | undefined {
    return this.#owner.environment.store?.next.name;
  }

  /** Made when somebody asks, because few do. */
  get ban(): (conditions: string | readonly string[]) => void {
    return (conditions) => issueBan(conditions, this.issueBan);
  }

  /** The same for VCL, which has words of its own for what is wrong. */
  get issueBan(): (words: readonly string[]) => string | undefined {
    const owner = this.#owner;
    return (words) =>
      owner.issueBan === undefined ? owner.environment.issueBan(words) : owner.issueBan(words);
  }

  get remote(): { readonly ip: string; readonly port: number } {
    const own = this.#owner.exchange.session?.own?.client;
    return own === undefined ? this.client : { ip: own.address, port: own.port };
  }

  get local(): { readonly ip: string; readonly port: number } {
    const own = this.#owner.exchange.session?.own?.server;
    return own === undefined ? this.server : { ip: own.address, port: own.port };
  }

  /** The client's connection; undefined: the request came by another way. VCL: `sess.*`. */
  get session(): Session | undefined {
    return this.#owner.exchange.session;
  }

  get sessionXid(): string {
    return String(this.session?.xid ?? 0);
  }

  /** 32 bytes. VCL: `req.hash`, `bereq.hash`. */
  get requestHash(): Uint8Array {
    return this.#owner.requestHash().bytes();
  }
}

/** In recv, pass and purge. */
export class ClientSideContext extends RequestContext implements ClientContext {
  readonly req: ClientRequest;

  constructor(owner: HookOwner) {
    super(owner);
    this.req = owner.req;
  }
}

export class HashSideContext extends ClientSideContext implements HashContext {
  readonly hashData: (data: string) => void;

  constructor(owner: HookOwner, hash: RequestHash) {
    super(owner);
    this.hashData = (data) => hash.add(String(data));
  }
}

/** In miss. */
export class LookupSideContext extends ClientSideContext implements LookupContext {
  readonly purge: (options?: PurgeOptions) => number;

  constructor(owner: HookOwner, purge: (options?: PurgeOptions) => number) {
    super(owner);
    this.purge = purge;
  }
}

export class HitSideContext extends LookupSideContext implements HitContext {
  readonly obj: CacheObject;

  constructor(owner: HookOwner, purge: (options?: PurgeOptions) => number, obj: CacheObject) {
    super(owner, purge);
    this.obj = obj;
  }
}

export class PipeSideContext extends ClientSideContext implements PipeContext {
  readonly bereq: BackendRequest;

  constructor(owner: HookOwner, bereq: BackendRequest) {
    super(owner);
    this.bereq = bereq;
  }
}

export class DeliverSideContext extends ClientSideContext implements DeliverContext {
  readonly resp: Response;
  readonly obj: DeliverContext['obj'];

  constructor(owner: HookOwner, resp: Response, obj: DeliverContext['obj']) {
    super(owner);
    this.resp = resp;
    this.obj = obj;
  }
}

export class SynthSideContext extends ClientSideContext implements SynthContext {
  readonly resp: SyntheticResponse;

  constructor(owner: HookOwner, resp: SyntheticResponse) {
    super(owner);
    this.resp = resp;
  }
}

/** In backendFetch. */
export class BackendSideContext extends RequestContext implements FetchContext {
  readonly bereq: BackendRequest;

  constructor(fetch: FetchOwner, bereq: BackendMessage) {
    super(fetch.owner, (target) => fetch.accepts(target), bereq);
    this.bereq = bereq;
  }
}

export class BackendResponseSideContext extends BackendSideContext implements BackendResponseContext {
  readonly beresp: BackendResponse;
  readonly deny: (duration: number | string) => void;
  readonly #fetch: FetchOwner;

  constructor(fetch: FetchOwner, bereq: BackendMessage, beresp: BackendResponse) {
    super(fetch, bereq);
    this.#fetch = fetch;
    this.beresp = beresp;
    this.deny = (duration) => fetch.deny(duration);
  }

  /** VCL: `beresp.backend.ip`, zeros for a unix socket. */
  get backendAddress(): { readonly ip: string; readonly port: number } {
    const { address: ip, port } = this.#fetch.peer ?? { address: '0.0.0.0', port: 0 };
    return { ip, port };
  }
}

export class BackendErrorSideContext extends BackendSideContext implements BackendErrorContext {
  readonly beresp: SyntheticResponse;
  readonly deny: (duration: number | string) => void;

  constructor(fetch: FetchOwner, bereq: BackendMessage, beresp: SyntheticResponse) {
    super(fetch, bereq);
    this.beresp = beresp;
    this.deny = (duration) => fetch.deny(duration);
  }
}

/** Adds a line to the log, and to what there is to tell of the request. */
export function say(owner: HookOwner, message: string): void {
  const { environment, loaded, req } = owner;
  environment.log?.line?.(loaded.key, req.xid, message);
  storyOf(owner)?.addLine(message);
}

export function nameOf(ref: BackendRef): string {
  return typeof ref === 'string' ? ref : ref.name;
}
