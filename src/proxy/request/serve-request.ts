/**
 * The client side of a request, from its head to the end of its one response. The steps are those of
 * vcl-step(7); where nothing is kept, every lookup leads to a fetch of its own:
 *
 *   recv -> hash -> lookup -> hit | miss -> fetch -> deliver -> transmit
 *               |      `-> wait, for the fetch of somebody else
 *               `-> pass -> fetch | pipe | purge | synth
 *   upgrade: what offers to switch protocols is passed, and a backend that switches opens a tunnel
 *   restart: from recv, pass, purge, deliver and synth back to recv
 *   fail:    from every hook to synth, and from synth to a plain answer without hooks
 */
import type { Duplex } from 'node:stream';
import type { PurgeOptions, Synth } from '../../config/hooks.ts';
import type { ByteRange } from '../cache/byte-range.ts';
import type { CacheEntry, PendingFetch, UncacheableMarker } from '../cache/cache-entry.ts';
import { alsoInvalid, invalidates } from '../cache/invalidation.ts';
import type { ObjectStore } from '../cache/object-store.ts';
import { purgeEntry } from '../cache/purge.ts';
import type { StoredObject } from '../cache/stored-object.ts';
import type { Exchange, ResponseBody, ResponseHead } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { BackendRecord } from './backend-record.ts';
import type { BackendResponseMessage } from './backend-response.ts';
import { CacheFetch, type CacheLeader } from './cache-fetch.ts';
import {
  ClientSideContext,
  DeliverSideContext,
  HashSideContext,
  HitSideContext,
  LookupSideContext,
  SynthSideContext,
  say,
} from './contexts.ts';
import { dateField } from './date-field.ts';
import type { RequestEnvironment } from './environment.ts';
import { BackendFetch } from './fetch-steps.ts';
import { hookRules } from './hook-rules.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { illegalFields, illegalStatusLine, SWITCHING } from './message-check.ts';
import { BackendMessage, ClientMessage, ResponseMessage, SyntheticMessage } from './messages.ts';
import { partOf } from './object-part.ts';
import { ObjectReading, type ReadingOwner } from './object-reading.ts';
import { FetchedView, ObjectView } from './object-view.ts';
import { Pipe, type PipeClient } from './pipe-steps.ts';
import { RangedBody } from './ranged-body.ts';
import { ReplayableBody } from './replayable-body.ts';
import { RequestHash } from './request-hash.ts';
import { tellEnd } from './request-report.ts';
import { type RequestStory, storyOf } from './request-story.ts';
import { parseRequestTarget } from './request-target.ts';
import { hookLeft, runHook } from './run-hook.ts';
import type { Running } from './running-requests.ts';
import { wantsMore } from './stored-answer.ts';
import { phraseOf, respondPlainly } from './synthetic.ts';
import type { Ending } from './traffic.ts';
import { switchingHead, transmit, transmitSynthetic } from './transmit.ts';
import { Tunnel } from './tunnel.ts';
import {
  isUnpackable,
  takesGzip,
  UnpackedBody,
  type UnpackingOwner,
  unpackedFields,
} from './unpacked-body.ts';
import { answerUnserved } from './unserved-request.ts';
import { offeredByClient } from './upgrade-offer.ts';
import { bareHead } from './varnish-head.ts';

/**
 * What a request does next; `wait`: something else will call, or the request is over. `failed` is what comes
 * of a hook that fails: 503 with varnishd's reason.
 */
type Step =
  | 'recv'
  | 'lookup'
  | 'hit'
  | 'miss'
  | 'pass'
  | 'purge'
  | 'pipe'
  | 'fetch'
  | 'restart'
  | 'failed'
  | Synth
  | 'wait';

/** A request that another config has seen before. */
interface HandedOver {
  readonly xid: number;
}

/** Serves one request with one config. The client gets an answer even if every hook fails. */
export function serveRequest(
  environment: RequestEnvironment,
  loaded: LoadedConfig,
  exchange: Exchange,
  handedOver?: HandedOver,
): void {
  const target = parseRequestTarget(exchange.method, exchange.target);
  if (target === undefined) {
    answerUnserved(environment, exchange, 400, loaded.key);
    return;
  }
  const { fields } = exchange;
  const mayHandOver = handedOver === undefined && loaded.config.labels !== undefined;
  const asSent = mayHandOver ? fields.clone() : undefined;
  if (target.host !== undefined) fields.set('Host', target.host);
  const mayUpgrade = loaded.manners.arrive(fields, exchange.client.address);
  const { session } = exchange;
  // The connection takes a number before its first request does, as in varnishd.
  if (session !== undefined && session.xid === 0) session.xid = environment.nextXid();
  const xid = handedOver?.xid ?? environment.nextXid();
  new RequestRun(environment, loaded, exchange, target.url, mayUpgrade, xid, asSent).start();
}

/** Bytes up to which a body is sent in one write with its head. */
const AT_ONCE_BYTES = 64 * 1024;

class RequestRun implements CacheLeader, PipeClient, ReadingOwner, Running, UnpackingOwner {
  readonly environment: RequestEnvironment;
  readonly loaded: LoadedConfig;
  readonly exchange: Exchange;
  readonly req: ClientMessage;
  runningBefore: Running | undefined;
  runningAfter: Running | undefined;
  story: RequestStory | undefined;
  readonly #body: ReplayableBody | undefined;
  #hash: RequestHash | undefined;
  #context: ClientSideContext | undefined;
  #fetch: BackendFetch | undefined;
  #pipe: Pipe | undefined;
  /** What the cache has for the request. */
  #object: StoredObject | undefined;
  /** A fetch of the cache that the request has caused, waits for, or reads from. */
  #shared: CacheFetch | undefined;
  #reading: ObjectReading | undefined;
  /** What is read, and has to stay in memory until it was. */
  #held: StoredObject | undefined;
  #unpacked: UnpackedBody | undefined;
  /** Nobody shall wait for what this request fetches (hit-for-miss). */
  #isAlone = false;
  /** What is served is stale, and nobody fetches it yet. */
  #refreshes = false;
  /** What has become of the request; no response can be sent any more. */
  #tunnel: Tunnel | undefined;
  readonly #mayUpgrade: boolean;
  readonly #asSent: Fields | undefined;
  readonly #xid: number;
  /** The response under way. */
  #stream: ResponseBody | undefined;
  /** Of the response; 0 until it begins. */
  #status = 0;
  #bytesSent = 0;
  #isOver = false;

  /**
   * @param mayUpgrade whether what it offers in Upgrade means anything
   * @param asSent a copy of its fields, if it may be handed over to another config
   */
  constructor(
    environment: RequestEnvironment,
    loaded: LoadedConfig,
    exchange: Exchange,
    url: string,
    mayUpgrade: boolean,
    xid: number,
    asSent: Fields | undefined,
  ) {
    const { method, version, fields, body, bodyLength } = exchange;
    this.environment = environment;
    this.loaded = loaded;
    this.exchange = exchange;
    this.#mayUpgrade = mayUpgrade;
    this.#asSent = asSent;
    this.#xid = xid;
    this.req = new ClientMessage(xid, method, url, `HTTP/${version}`, fields);
    this.req.backend = loaded.config.defaultTarget;
    this.#body =
      body === undefined
        ? undefined
        : new ReplayableBody(body, bodyLength, environment.limits.replayableBodyBytes);
  }

  start(): void {
    this.loaded.running.add(this);
    this.exchange.onAborted = () => this.#abort();
    this.#proceed('recv');
  }

  cut(): void {
    if (this.#isOver) return;
    // Before the fetch, whose connection is the tunnel's, and would be closed as if in good order.
    this.#tunnel?.cut();
    this.#fetch?.abort();
    this.#pipe?.cut();
    storyOf(this)?.fail({
      message: 'its config was discarded, and the time that requests get to end was over',
    });
    if (this.#stream !== undefined) {
      this.#stream.cut();
      this.#finish('cut');
    } else if (this.#tunnel !== undefined) {
      this.#finish('piped');
    } else {
      this.#respondPlainly();
      this.#finish('complete');
    }
  }

  requestHash(): RequestHash {
    this.#hash ??= this.#defaultHash();
    return this.#hash;
  }

  get knownHash(): RequestHash | undefined {
    return this.#hash;
  }

  // The backend side tells how the fetch goes.

  fetched(beresp: ResponseMessage, hasBody: boolean, length: number | undefined): void {
    const { status } = beresp;
    const { manners } = this.loaded;
    const isVarnish = manners.kind === 'varnish';
    const isGzip = (isVarnish || this.#shared !== undefined) && hasBody && isUnpackable(beresp);
    manners.deliver(beresp, this.req, {
      isStored: false,
      storedBy: undefined,
      age: isVarnish ? Math.max(0, Math.floor((beresp as BackendResponseMessage).age / 1_000)) : 0,
      isPassed: this.#shared === undefined,
      isUnpacked: isGzip && !takesGzip(this.req.http),
      isMade: false,
    });
    if (this.req.method !== 'GET' && this.req.method !== 'HEAD') this.#invalidate(beresp);
    const next = this.#deliver(beresp, undefined, 0);
    if (next === 'transmit') {
      this.#status = beresp.status;
      const switched = this.#fetch?.switched;
      if (switched !== undefined && beresp.status === SWITCHING) {
        this.#openTunnel(switched.connection, switched.record, switchingHead(beresp, switched.protocol));
        return;
      }
      const isPacked = isGzip && !takesGzip(this.req.http);
      this.#stream =
        isVarnish && wantsMore(this.req.http)
          ? this.#beginPart(beresp, hasBody, length, isPacked)
          : this.#begin(beresp, hasBody, length, isPacked);
      if (this.#stream !== undefined) return;
    }
    this.#fetch?.leave();
    if (next === 'transmit') {
      this.#finish('complete');
    } else {
      this.#fetch?.remember(`${wordFor(next)} after ${status}: deliver`);
      this.#proceed(next);
    }
  }

  fetchedSynthetic(beresp: SyntheticMessage): void {
    this.loaded.manners.deliver(beresp, this.req, {
      isStored: false,
      storedBy: undefined,
      age: 0,
      isPassed: this.#shared === undefined,
      isUnpacked: false,
      isMade: true,
    });
    const next = this.#deliver(beresp, undefined, 0);
    if (next !== 'transmit') {
      this.#proceed(next);
      return;
    }
    const { exchange } = this;
    const { manners } = this.loaded;
    if (manners.kind === 'varnish' && exchange.method === 'HEAD' && this.#shared === undefined) {
      // What is passed has a length only if its backend says so.
      this.#status = beresp.status;
      exchange.respond(manners.head(beresp, false), undefined);
    } else if (!this.#respondPart(beresp, true)) {
      this.#transmitSynthetic(beresp);
    }
    this.#finish('complete');
  }

  fetchFailed(): void {
    this.#proceed({ synth: 503 });
  }

  pieceFetched(chunk: Uint8Array): boolean {
    const stream = this.#stream;
    this.bytesRead(chunk.length);
    if (stream === undefined || stream.write(chunk)) return true;
    stream.onDrain ??= () => this.#fetch?.resume();
    return false;
  }

  bodyFetched(trailers: Fields | undefined): void {
    this.#stream?.end(trailers);
    this.readingOver(true);
  }

  bodyBroke(): void {
    this.#stream?.cut();
    this.readingOver(false);
  }

  // The cache tells what has become of the fetch of somebody else.

  objectArrived(object: StoredObject, fetch: CacheFetch | undefined): void {
    this.#object = object;
    const isOwn = this.#fetch !== undefined && fetch?.backend === this.#fetch;
    this.#shared = fetch;
    this.#proceed(isOwn ? this.#deliverObject(object, 0) : 'hit');
  }

  lookAgain(): void {
    this.#shared = undefined;
    this.#proceed('lookup');
  }

  bytesRead(bytes: number): void {
    if (this.#unpacked === undefined) this.#bytesSent += bytes;
  }

  readingOver(isWhole: boolean): void {
    if (this.#unpacked === undefined) this.#finish(isWhole ? 'complete' : 'cut');
  }

  bytesUnpacked(bytes: number): void {
    this.#bytesSent += bytes;
  }

  unpackingOver(isWhole: boolean): void {
    this.#finish(isWhole ? 'complete' : 'cut');
  }

  pipeRefused(next: 'failed' | 'closed' | Synth): void {
    if (next !== 'closed') {
      this.#proceed(next);
      return;
    }
    this.exchange.onAborted = undefined;
    this.exchange.takeOver().destroy();
    this.#finish('cut');
  }

  pipeConnected(backend: Duplex, record: BackendRecord): void {
    this.#openTunnel(backend, record);
  }

  // The steps. Each returns what comes next.

  #proceed(first: Step): void {
    let next = first;
    while (next !== 'wait') next = this.#take(next);
  }

  /** @param head what the client gets first */
  #openTunnel(backend: Duplex, record: BackendRecord, head?: string): void {
    const { environment, exchange } = this;
    // From here on the two connections tell how it goes.
    exchange.onAborted = undefined;
    const client = exchange.takeOver();
    if (head !== undefined) client.write(head, 'latin1');
    const { silence, limits } = environment;
    const timeoutMs = limits.pipeTimeoutMs;
    const ended = () => this.#finish('piped');
    this.#tunnel = new Tunnel({ client, backend, record, silence, timeoutMs, ended });
  }

  /** What the client offers to switch to, as hooks have left it. */
  #offer(): string | undefined {
    return this.#mayUpgrade ? offeredByClient(this.exchange, this.req.http) : undefined;
  }

  #take(step: Exclude<Step, 'wait'>): Step {
    switch (step) {
      case 'recv':
        return this.#recv();
      case 'lookup':
        return this.#lookup();
      case 'hit':
        return this.#hit();
      case 'miss':
        return this.#miss();
      case 'pass':
        return this.#pass();
      case 'purge':
        return this.#purge();
      case 'pipe':
        this.#pipe = new Pipe(this);
        this.#pipe.begin();
        return 'wait';
      case 'fetch':
        return this.#startFetch();
      case 'restart':
        return this.#restart();
      case 'failed':
        return this.#synth(503, 'VCL failed', true);
      default:
        return this.#synth(step.synth, step.reason);
    }
  }

  #recv(): Step {
    const { recv } = this.loaded.config.hooks;
    const action = recv === undefined ? 'hash' : runHook(this, hookRules.recv, recv, this.#clientContext());
    if (action === 'fail') return 'failed';
    if (typeof action === 'object' && 'vcl' in action) return this.#handOver(action.vcl);
    if (action !== 'pipe' && action !== 'pass') this.loaded.manners.lookUp(this.req.http);
    // varnishd hashes whatever vcl_recv has decided, unless that failed.
    if (this.#runHash() === 'fail') return 'failed';
    return action === 'hash' ? 'lookup' : action;
  }

  /** As varnishd's VPI_vcl_select(): once, and not after a restart. */
  #handOver(label: string): Step {
    const { environment, exchange, loaded, req } = this;
    const target = environment.labelled(label);
    if (this.#asSent === undefined || req.restarts > 0 || target === undefined) {
      const why = req.restarts > 0 ? 'not after a restart' : 'only from the active config, to a label';
      storyOf(this)?.fail({ message: `return (vcl(${label})) is not possible: ${why}` });
      return { synth: 503 };
    }
    this.#isOver = true;
    exchange.onAborted = undefined;
    loaded.running.remove(this);
    if (loaded.running.size === 0) loaded.onIdle?.();
    exchange.fields.become(this.#asSent);
    serveRequest(environment, target, exchange, { xid: this.#xid });
    return 'wait';
  }

  #runHash(): 'lookup' | 'fail' {
    const { hash, pass } = this.loaded.config.hooks;
    this.#hash = undefined;
    if (hash !== undefined) {
      const parts = new RequestHash();
      const action = runHook(this, hookRules.hash, hash, new HashSideContext(this, parts));
      if (action === 'fail') return 'fail';
      // Without a part varnishd's hash is that of nothing, the same for all.
      if (!parts.isEmpty || this.loaded.manners.kind === 'varnish') this.#hash = parts;
    }
    // The pass hook may change what the default hash is made of.
    if (pass !== undefined) this.#hash ??= this.#defaultHash();
    return 'lookup';
  }

  #defaultHash(): RequestHash {
    const { req, exchange } = this;
    return new RequestHash([req.url, req.http.get('Host')?.toLowerCase() ?? exchange.server.address]);
  }

  #lookup(): Step {
    this.#leaveShared();
    // What is neither GET nor HEAD is not looked up: RFC 9111 section 4, and varnishd's built-in VCL. Nor is what
    // offers to switch protocols, which nothing stored could do.
    const { req } = this;
    const isRfc = this.loaded.manners.kind === 'rfc';
    if (isRfc && req.method !== 'GET' && req.method !== 'HEAD') return 'pass';
    if (this.#offer() !== undefined) return 'pass';
    const { store, clock } = this.environment;
    if (store === undefined || this.loaded.policy === undefined) return 'fetch';
    // The body of a GET would be part of what is asked for (RFC 9110 section 9.3.1).
    if (isRfc && this.#body !== undefined) return 'pass';
    this.#object = undefined;
    this.#isAlone = false;
    req.isHitMiss = false;
    req.isHitPass = false;
    this.#refreshes = false;
    if (req.missesAlways) return 'miss';
    const entry = store.find(this.requestHash().key());
    if (entry === undefined) {
      this.#isAlone = this.#isPersonal();
      return 'miss';
    }
    const now = clock.wallNow();
    const { mostTtl, mostGrace } = req;
    const found = this.#findIn(entry, store);
    const object = isOlderThan(found, mostTtl, now) ? undefined : found;
    this.#object = object;
    if (object !== undefined) {
      const stage = object.life.stage(now);
      if (stage === 'fresh') return 'hit';
      if (stage === 'graced' && (mostGrace === undefined || now < object.life.freshUntil + mostGrace)) {
        this.#refreshes = this.#pendingIn(entry, store, now) === undefined;
        return 'hit';
      }
    }
    const marker = this.#markerIn(entry, store, now);
    if (marker?.isPass === true) {
      req.isHitPass = true;
      return 'pass';
    }
    req.isHitMiss = marker !== undefined;
    if (req.ignoresBusy) return 'miss';
    this.#isAlone = marker !== undefined || (isRfc && (object?.isAlwaysAsked === true || this.#isPersonal()));
    const pending = this.#pendingIn(entry, store, now);
    if (!(pending instanceof CacheFetch) || (this.#isAlone && pending.object === undefined)) return 'miss';
    this.#shared = pending;
    pending.join(this);
    return 'wait';
  }

  /** What is stored for the request, or was until a ban that it has not been tested against took it out. */
  #findIn(entry: CacheEntry, store: ObjectStore): StoredObject | undefined {
    const { req } = this;
    const { bans } = this.environment;
    for (;;) {
      const found = req.ignoresVary ? entry.objects.at(-1) : entry.match(req.http);
      if (found === undefined || found.ban === bans.newest || !bans.takes(found, true, found, req))
        return found;
      store.remove(found);
      bans.cutTail();
    }
  }

  /** The same of the note that answers are not to be kept. */
  #markerIn({ marker }: CacheEntry, store: ObjectStore, now: number): UncacheableMarker | undefined {
    if (marker === undefined || now >= marker.until) return undefined;
    const { bans } = this.environment;
    if (marker.ban === bans.newest || !bans.takes(marker, true, undefined, this.req)) return marker;
    store.remove(marker);
    return undefined;
  }

  /** The same of what is on its way. Who has waited for that looks again at once, and may have left another entry. */
  #pendingIn(found: CacheEntry, store: ObjectStore, now: number): PendingFetch | undefined {
    const { req } = this;
    let entry: CacheEntry | undefined = found;
    for (;;) {
      const pending = entry?.pending(req.http, now);
      if (pending === undefined || !pending.isBannedFor(req)) return pending;
      pending.purge();
      entry = store.find(found.key);
    }
  }

  /** Whether what comes is most probably for this client only: RFC 9111 section 3.5. */
  #isPersonal(): boolean {
    return this.loaded.policy?.rules === 'rfc9111' && this.req.http.has('Authorization');
  }

  #hit(): Step {
    const object = this.#object;
    if (object === undefined) return 'miss';
    object.hits++;
    const { clock, store } = this.environment;
    const now = clock.wallNow();
    if (store !== undefined) {
      store.hits++;
      store.touch(object, now);
    }
    const { hit } = this.loaded.config.hooks;
    if (hit !== undefined) {
      const context = new HitSideContext(this, this.#purgeHere, new ObjectView(object, object.hits, now));
      const action = runHook(this, hookRules.hit, hit, context);
      if (action !== 'deliver') return action === 'fail' ? 'failed' : action;
    }
    // Behind the hook, which may have changed what is asked for.
    if (this.#refreshes && store !== undefined) this.#refresh(store, object);
    return this.#deliverObject(object, object.hits);
  }

  #miss(): Step {
    const { miss } = this.loaded.config.hooks;
    if (miss !== undefined) {
      const context = new LookupSideContext(this, this.#purgeHere);
      const action = runHook(this, hookRules.miss, miss, context);
      if (action !== 'fetch') return action === 'fail' ? 'failed' : action;
    }
    const { store } = this.environment;
    const { policy } = this.loaded;
    if (store === undefined || policy === undefined) return 'fetch';
    store.misses++;
    const entry = store.open(this.requestHash().key());
    // A hook may have purged what was found.
    const object = this.#object;
    const isThere = object !== undefined && entry.objects.includes(object);
    const isShared = !this.#isAlone;
    const body = this.req.cachesBody ? this.#body : undefined;
    const fetch = new CacheFetch({
      owner: this,
      leader: this,
      store,
      policy,
      entry,
      bereq: this.#cacheRequest(isShared, body !== undefined),
      body,
      stale: isThere ? object : undefined,
      isShared,
    });
    this.#shared = fetch;
    this.#fetch = fetch.backend;
    fetch.begin();
    return 'wait';
  }

  /** Fetches an object anew while it is still served. */
  #refresh(store: ObjectStore, stale: StoredObject): void {
    const { policy } = this.loaded;
    this.#refreshes = false;
    if (policy === undefined) return;
    const { entry } = stale;
    const bereq = this.#cacheRequest(true, false);
    bereq.isBackground = true;
    new CacheFetch({
      owner: this,
      leader: undefined,
      store,
      policy,
      entry,
      bereq,
      body: undefined,
      stale,
      isShared: true,
    }).begin();
  }

  /** @param isWhole whether what is asked for is for others, too, and therefore the whole */
  #cacheRequest(isWhole: boolean, sendsBody: boolean): BackendMessage {
    const { manners } = this.loaded;
    const fields = manners.ask(this.req, this.exchange.version, false);
    const bereq = new BackendMessage(this.req, fields, sendsBody, this.environment.nextXid());
    if (isWhole || manners.kind === 'varnish') bereq.method = 'GET';
    return bereq;
  }

  #leaveShared(): void {
    const shared = this.#shared;
    if (shared === undefined) return;
    this.#shared = undefined;
    shared.leave(this, this.#reading);
  }

  readonly #purgeHere = (options?: PurgeOptions): number => {
    const { store, clock } = this.environment;
    const entry = store?.find(this.requestHash().key());
    if (store === undefined || entry === undefined) return 0;
    return purgeEntry(store, entry, options, clock.wallNow());
  };

  /** What was asked for may have changed what is stored: RFC 9111 section 4.4. */
  #invalidate(beresp: ResponseMessage): void {
    const { store, clock } = this.environment;
    const { req, loaded } = this;
    if (store === undefined || loaded.policy?.rules !== 'rfc9111') return;
    if (!invalidates(req.method, beresp.status)) return;
    this.#purgeHere();
    const host = req.http.get('Host');
    for (const url of alsoInvalid(req.url, host, beresp.http)) {
      const entry = store.find(new RequestHash([url, host?.toLowerCase() ?? '']).key());
      if (entry !== undefined) purgeEntry(store, entry, undefined, clock.wallNow());
    }
  }

  #pass(): Step {
    const { pass } = this.loaded.config.hooks;
    if (pass === undefined) return 'fetch';
    const action = runHook(this, hookRules.pass, pass, this.#clientContext());
    return action === 'fail' ? 'failed' : action;
  }

  #purge(): Step {
    this.#purgeHere();
    const { purge } = this.loaded.config.hooks;
    const rule = hookRules.purge;
    const action = purge === undefined ? rule.byDefault : runHook(this, rule, purge, this.#clientContext());
    return action === 'fail' ? 'failed' : action;
  }

  #startFetch(): Step {
    this.#leaveShared();
    // RFC 9110 section 9.3.6: a tunnel is not something that can be fetched; a config may pipe it.
    const { manners } = this.loaded;
    if (this.req.method === 'CONNECT' && manners.kind === 'rfc') return { synth: 501 };
    const fields = manners.ask(this.req, this.exchange.version, true);
    const number = this.environment.nextXid();
    const bereq = new BackendMessage(this.req, fields, this.#body !== undefined, number);
    bereq.isPassed = true;
    const offer = this.#offer();
    if (offer !== undefined) bereq.http.appendLegal('Upgrade', offer);
    this.#fetch = new BackendFetch(this, bereq, this.#body, offer);
    this.#fetch.begin();
    return 'wait';
  }

  #restart(): Step {
    const { req, environment } = this;
    const { maxRestarts } = environment.limits;
    req.restarts++;
    this.story?.goOn();
    const refusal = this.#body?.refusal('restart');
    if (req.restarts <= maxRestarts && refusal === undefined) {
      environment.traffic.restarts++;
      return 'recv';
    }
    const message = refusal?.message ?? `no restart: the request was restarted ${maxRestarts} times already`;
    say(this, message);
    storyOf(this)?.fail({ code: refusal?.code ?? 'troupe.limit', message });
    return { synth: 503 };
  }

  /** Serves an object, as far as its body has come, and on as it comes. */
  #deliverObject(object: StoredObject, hits: number): Step {
    const { exchange, req } = this;
    const { manners } = this.loaded;
    const now = this.environment.clock.wallNow();
    const { deliver } = this.loaded.config.hooks;
    const isPacked = object.isGzip && !takesGzip(req.http);
    if (deliver === undefined && !isPacked && !wantsMore(req.http)) {
      this.#status = object.status;
      return this.#sendObject(object, manners.storedHead(object, req, hits, now), object.length);
    }
    const resp = new ResponseMessage(object.status, object.reason, object.fields());
    manners.deliver(resp, req, {
      isStored: true,
      storedBy: hits > 0 ? object.storedBy : undefined,
      age: object.age(now),
      isPassed: false,
      isUnpacked: isPacked,
      isMade: false,
    });
    const next = this.#deliver(resp, object, hits);
    if (next !== 'transmit') return next;
    if (isPacked) unpackedFields(resp.http);
    const part = partOf(req, resp, isPacked ? undefined : object.length, now, manners);
    this.#status = resp.status;
    const head = manners.head(resp, false);
    if (part?.range !== undefined) return this.#sendPart(object, head, part.range);
    if (part !== undefined) {
      exchange.respond(head, undefined, part.length);
      this.#finish('complete');
      return 'wait';
    }
    return this.#sendObject(object, head, isPacked ? undefined : object.length, isPacked);
  }

  #sendObject(object: StoredObject, head: ResponseHead, length: number | undefined, isPacked = false): Step {
    const { exchange } = this;
    const endsWithHead = exchange.method === 'HEAD' || head.status === 204 || head.status === 304;
    const { text } = object.body;
    if (text !== undefined && !endsWithHead && !isPacked && exchange.respondText !== undefined) {
      exchange.respondText(head, text);
      this.#bytesSent = text.length;
      this.#finish('complete');
      return 'wait';
    }
    const { whole } = object.body;
    const isSmall = whole !== undefined && whole.length <= AT_ONCE_BYTES && !isPacked;
    if (endsWithHead || isSmall || whole?.length === 0) {
      exchange.respond(head, endsWithHead ? undefined : whole, head.status === 204 ? undefined : length);
      if (!endsWithHead && whole !== undefined) this.#bytesSent = whole.length;
      this.#finish('complete');
      return 'wait';
    }
    const stream = exchange.begin(head, length);
    this.#stream = isPacked ? this.#unpackTo(stream) : stream;
    this.#read(object, new ObjectReading(object.body, this.#stream, this));
    return 'wait';
  }

  #sendPart(object: StoredObject, head: ResponseHead, { first, last }: ByteRange): Step {
    const stream = this.exchange.begin(head, last - first + 1);
    this.#stream = stream;
    this.#read(object, new ObjectReading(object.body, stream, this, first, last + 1));
    return 'wait';
  }

  #read(object: StoredObject, reading: ObjectReading): void {
    this.#reading = reading;
    this.#held = object;
    this.environment.store?.hold(object);
    const shared = this.#shared;
    if (shared?.object === object) {
      reading.onProgress = (one) => shared.progressed(one);
      shared.follow(reading);
    }
    reading.pump();
  }

  /**
   * Begins an answer that is not kept.
   *
   * @param isPacked whether it was packed for the cache, and the client does not take it so
   * @returns where the body goes; undefined: there is none
   */
  #begin(
    beresp: ResponseMessage,
    hasBody: boolean,
    length: number | undefined,
    isPacked: boolean,
  ): ResponseBody | undefined {
    const { manners } = this.loaded;
    if (!isPacked) return transmit(manners, this.exchange, beresp, hasBody, length);
    unpackedFields(beresp.http);
    const stream = transmit(manners, this.exchange, beresp, hasBody, undefined);
    return stream === undefined ? undefined : this.#unpackTo(stream);
  }

  #unpackTo(stream: ResponseBody): UnpackedBody {
    this.#unpacked = new UnpackedBody(stream, this);
    return this.#unpacked;
  }

  /** As `#begin`, for a request with conditions or a range, which varnishd looks at wherever an answer comes from. */
  #beginPart(
    beresp: ResponseMessage,
    hasBody: boolean,
    length: number | undefined,
    isPacked: boolean,
  ): ResponseBody | undefined {
    const { manners } = this.loaded;
    const now = this.environment.clock.wallNow();
    const part = partOf(this.req, beresp, isPacked || !hasBody ? undefined : length, now, manners);
    if (part === undefined) return this.#begin(beresp, hasBody, length, isPacked);
    this.#status = beresp.status;
    const head = manners.head(beresp, false);
    if (part.range !== undefined) return new RangedBody(this.exchange.begin(head, part.length), part.range);
    this.exchange.respond(head, undefined, part.length);
    return undefined;
  }

  /**
   * Asks the hook deliver; `transmit` if the response may go.
   *
   * @param object that it was made of; undefined: it comes from a backend
   * @param hits times that it came from the cache
   */
  #deliver(resp: ResponseMessage, object: StoredObject | undefined, hits: number): Step | 'transmit' {
    const { deliver } = this.loaded.config.hooks;
    if (deliver !== undefined) {
      const now = this.environment.clock.wallNow();
      const obj = object === undefined ? new FetchedView(resp) : new ObjectView(object, hits, now);
      const action = runHook(this, hookRules.deliver, deliver, new DeliverSideContext(this, resp, obj));
      if (action !== 'deliver') return action === 'fail' ? 'failed' : action;
    }
    const hook = deliver === undefined ? 'backendResponse' : 'deliver';
    return !this.loaded.touches.response || this.#isSendable(hook, resp) ? 'transmit' : 'failed';
  }

  /** @param closes whether a hook has failed */
  #synth(status: number, reason = phraseOf(status), closes = false): Step {
    const { environment, req } = this;
    const now = environment.clock.wallNow();
    const fields = this.loaded.manners.made(dateField(now), req.xid);
    const resp = new SyntheticMessage(status, reason, fields, req.xid);
    resp.closes = closes;
    const { synth } = this.loaded.config.hooks;
    let isFit = true;
    if (synth !== undefined) {
      const action = runHook(this, hookRules.synth, synth, new SynthSideContext(this, resp));
      // As in varnishd, a restart too many is a delivery: otherwise this would go on for ever.
      if (action === 'restart' && req.restarts <= environment.limits.maxRestarts) return 'restart';
      isFit = action !== 'fail' && this.#isSendable('synth', resp);
    }
    if (isFit) {
      if (!this.#respondPart(resp, false)) this.#transmitSynthetic(resp);
    } else if (this.loaded.manners.kind === 'varnish') this.#respondBarely();
    else this.#respondPlainly();
    this.#finish('complete');
    return 'wait';
  }

  /** Whether what hooks have left can be sent; if not, the log is told. */
  #isSendable(hook: 'backendResponse' | 'deliver' | 'synth', resp: ResponseMessage): boolean {
    resp.narrow();
    const { status, reason, http } = resp;
    // Only who has switched protocols can say so.
    const isSwitch = status === SWITCHING && this.#fetch?.switched !== undefined;
    const mistake = illegalStatusLine(isSwitch ? 200 : status, reason) ?? illegalFields(http);
    if (mistake === undefined) return true;
    hookLeft(this, hook, `left a response that cannot be sent: ${mistake}`);
    return false;
  }

  /** The client has gone. */
  #abort(): void {
    if (this.#isOver) return;
    if (this.#shared === undefined) this.#fetch?.abort();
    this.#pipe?.cut();
    this.#finish('aborted');
  }

  /**
   * As `#beginPart`, for an answer that is made here.
   *
   * @param isConditional whether conditions count
   * @returns false: the whole is to be sent
   */
  #respondPart(resp: SyntheticMessage, isConditional: boolean): boolean {
    const { req } = this;
    const { manners } = this.loaded;
    if (manners.kind !== 'varnish' || !wantsMore(req.http)) return false;
    if (!isConditional && !req.http.has('Range')) return false;
    const { body } = resp;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const part = partOf(req, resp, bytes.length, this.environment.clock.wallNow(), manners);
    if (part === undefined) return false;
    this.#status = resp.status;
    const { range } = part;
    const sent = range === undefined ? undefined : bytes.subarray(range.first, range.last + 1);
    this.exchange.respond(manners.head(resp, false), sent, part.length);
    this.#bytesSent = sent?.length ?? 0;
    return true;
  }

  #transmitSynthetic(resp: SyntheticMessage): void {
    this.#status = resp.status;
    this.#bytesSent = transmitSynthetic(this.loaded.manners, this.exchange, resp);
  }

  /** What varnishd answers where even vcl_synth fails. */
  #respondBarely(): void {
    this.#status = 500;
    this.exchange.respond(bareHead, undefined);
  }

  #respondPlainly(): void {
    this.#status = 503;
    this.#bytesSent = respondPlainly(this.exchange, 503, this.environment.clock.wallNow());
  }

  #finish(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.exchange.onAborted = undefined;
    const tunnel = this.#tunnel;
    const bytesSent = this.#bytesSent + (tunnel?.bytesToClient ?? 0);
    const bytesReceived = (this.#body?.readBytes ?? 0) + (tunnel?.bytesFromClient ?? 0);
    this.#body?.close();
    this.#reading?.stop();
    this.#unpacked?.stop();
    this.#leaveShared();
    const { environment, loaded } = this;
    if (this.#held !== undefined) environment.store?.letGo(this.#held);
    environment.traffic.end(ending, this.#status, bytesSent, bytesReceived);
    const { durations } = environment.traffic;
    if (durations !== undefined && ending !== 'piped') {
      durations.add(environment.clock.now() - this.exchange.receivedAt);
    }
    const { running } = loaded;
    running.remove(this);
    if (running.size === 0) loaded.onIdle?.();
    if (environment.access !== undefined || this.story?.failure !== undefined) {
      this.#tellEnd(ending, bytesSent, bytesReceived);
    }
  }

  /** The last try, which was not given up, becomes part of the story only where that is read. */
  #tellEnd(ending: Ending, bytesSent: number, bytesReceived: number): void {
    const givenUp = ending === 'complete' || ending === 'piped' ? undefined : ending;
    this.#fetch?.remember(givenUp);
    this.#pipe?.remember(givenUp);
    const { environment, exchange, loaded, req, story } = this;
    const { xid, restarts } = req;
    const config = loaded.key;
    const status = this.#status;
    tellEnd(environment, exchange, {
      config,
      xid,
      restarts,
      ending,
      status,
      bytesSent,
      bytesReceived,
      tunnelEnd: this.#tunnel?.end,
      story,
    });
  }

  #clientContext(): ClientSideContext {
    this.#context ??= new ClientSideContext(this);
    return this.#context;
  }
}

/** Whether an object is fresh, but longer than this request wants it to be: then it is not there for the request. */
function isOlderThan(object: StoredObject | undefined, mostTtl: number | undefined, now: number): boolean {
  if (object === undefined || mostTtl === undefined) return false;
  return object.life.stage(now) === 'fresh' && now > object.origin + mostTtl;
}

/** What a hook wants instead of the response, for people. */
function wordFor(next: Step): string {
  if (typeof next !== 'string') return `synth ${next.synth}`;
  return next === 'failed' ? 'fail' : next;
}
