/**
 * The messages that hooks read and change: req, bereq, and beresp or resp (one and the same object, because
 * nothing is kept between fetching and delivering yet).
 */
import type {
  BackendRef,
  BackendRequest,
  ClientRequest,
  Response,
  SyntheticResponse,
} from '../../config/hooks.ts';
import type { ShardChoice, ShardParamDeclaration } from '../../config/shard-declaration.ts';
import { readShardUse, type ShardUse } from '../../config/shard-use.ts';
import type { ResponseHead } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import { phraseOf, syntheticPage } from './synthetic.ts';

export class ClientMessage implements ClientRequest {
  method: string;
  url: string;
  /** Hooks of VCL 4.0 may change what others see of it. */
  proto: string;
  readonly http: Fields;
  backend: BackendRef | undefined;
  restarts = 0;
  /** How the cache was found: known not to keep the answer, and whether requests shall look at all. */
  isHitMiss = false;
  isHitPass = false;
  /** What the request wants of the cache; VCL: `req.ttl`, `req.grace` (milliseconds), `req.hash_always_miss`, ... */
  mostTtl: number | undefined;
  mostGrace: number | undefined;
  missesAlways = false;
  ignoresBusy = false;
  ignoresVary = false;
  /** Whether its body goes to the backend even where the answer is for others, too. VCL: std.cache_req_body(). */
  cachesBody = false;
  readonly #number: number;

  constructor(number: number, method: string, url: string, proto: string, http: Fields) {
    this.#number = number;
    this.method = method;
    this.url = url;
    this.proto = proto;
    this.http = http;
  }

  get xid(): string {
    return String(this.#number);
  }
}

export class BackendMessage implements BackendRequest {
  method: string;
  url: string;
  proto = 'HTTP/1.1';
  readonly http: Fields;
  retries = 0;
  /** Whether the answer is for one request only. */
  isPassed = false;
  /** False: a hook wants it left out. */
  sendsBody = true;
  /** Whether nobody waits for the answer: it refreshes what is served meanwhile. */
  isBackground = false;
  readonly isHitMiss: boolean;
  readonly isHitPass: boolean;
  readonly hasBody: boolean;
  connectTimeoutMs: number | undefined;
  firstByteTimeoutMs: number | undefined;
  betweenBytesTimeoutMs: number | undefined;
  /** By name of a shard director or id of a parameter set. */
  shardChoices: Map<string, ShardChoice> | undefined;
  /** What the next attempt is to be sent to. */
  wanted: BackendRef | undefined;
  /** Name of the backend that was asked; what a director stands for is found out anew at each attempt. */
  asked: string | undefined;
  /** Each try has one of its own. */
  number: number;
  /** Whether it has been sent with one: behind a client's own X-Varnish comes the last one only. */
  isNumbered = false;

  constructor(req: ClientMessage, http: Fields, hasBody: boolean, number: number) {
    this.number = number;
    this.method = req.method;
    this.url = req.url;
    this.http = http;
    this.wanted = req.backend;
    this.hasBody = hasBody;
    this.isHitMiss = req.isHitMiss;
    this.isHitPass = req.isHitPass;
  }

  get xid(): string {
    return String(this.number);
  }

  /** The request's body is not sent. VCL: `unset bereq.body`. */
  unsetBody(): void {
    this.sendsBody = false;
    if (this.hasBody) this.http.unset('Content-Length');
  }

  shard(of: ShardParamDeclaration | { readonly name: string } | string, use: ShardUse): void {
    const name = typeof of === 'string' ? of : 'id' in of ? of.id : of.name;
    this.shardChoices ??= new Map();
    this.shardChoices.set(name, readShardUse(use, 'bereq.shard()'));
  }

  get backend(): BackendRef | undefined {
    return this.asked ?? this.wanted;
  }

  set backend(target: BackendRef | undefined) {
    this.wanted = target;
    this.asked = undefined;
  }
}

export class ResponseMessage implements Response, ResponseHead {
  reason: string;
  /** Whether the connection is closed behind it. */
  closes = false;
  proto = 'HTTP/1.1';
  readonly http: Fields;
  #status: number;

  constructor(status: number, reason: string, http: Fields) {
    this.#status = status;
    this.reason = reason;
    this.http = http;
  }

  get status(): number {
    return this.#status;
  }

  set status(status: number) {
    this.#status = status;
    this.reason = phraseOf(status);
  }

  get fields(): Fields {
    return this.http;
  }

  /** Only the last three digits of a status are sent: others are for hooks, as in VCL. */
  narrow(): void {
    if (this.#status > 999) this.#status %= 1_000;
  }
}

/** A response that is made here. Its body is a page that says status and reason until a hook gives another. */
export class SyntheticMessage extends ResponseMessage implements SyntheticResponse {
  #body: string | Uint8Array | undefined;
  readonly #xid: string;

  constructor(status: number, reason: string, http: Fields, xid: string) {
    super(status, reason, http);
    this.#xid = xid;
  }

  get body(): string | Uint8Array {
    return this.#body ?? syntheticPage(this.status, this.reason, this.#xid);
  }

  set body(body: string | Uint8Array) {
    if (typeof body !== 'string' && !((body as unknown) instanceof Uint8Array)) {
      throw new TypeError('the body of a response is a string or bytes');
    }
    this.#body = body;
  }

  get hasPage(): boolean {
    return this.#body === undefined;
  }
}
