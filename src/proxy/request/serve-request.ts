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
import { TEXT_BYTES } from '../cache/object-body.ts';
import type { ObjectStore } from '../cache/object-store.ts';
import type { StoredObject } from '../cache/stored-object.ts';
import type { Exchange } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { BackendRecord } from './backend-record.ts';
import type { BackendResponseMessage } from './backend-response.ts';
import { CacheFetch, type CacheLeader } from './cache-fetch.ts';
import { CacheLookup } from './cache-lookup.ts';
import { ClientResponse, type ResponseOwner, type Sent } from './client-response.ts';
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
import { FetchedView, ObjectView } from './object-view.ts';
import { Pipe, type PipeClient } from './pipe-steps.ts';
import { invalidateStored, purgeFound } from './purge-stored.ts';
import { ReplayableBody } from './replayable-body.ts';
import { RequestHash } from './request-hash.ts';
import { tellEnd } from './request-report.ts';
import { type RequestStory, storyOf } from './request-story.ts';
import { parseRequestTarget } from './request-target.ts';
import { hookLeft, runHook } from './run-hook.ts';
import type { Running } from './running-requests.ts';
import { wantsMore } from './stored-answer.ts';
import { phraseOf } from './synthetic.ts';
import type { Ending } from './traffic.ts';
import { switchingHead } from './transmit.ts';
import { Tunnel } from './tunnel.ts';
import { isUnpackable, takesGzip } from './unpacked-body.ts';
import { answerUnserved } from './unserved-request.ts';
import { offeredByClient } from './upgrade-offer.ts';

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

class RequestRun implements CacheLeader, PipeClient, ResponseOwner, Running {
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
  readonly #lookup = new CacheLookup();
  /** A fetch of the cache that the request has caused, waits for, or reads from. */
  #shared: CacheFetch | undefined;
  readonly #response = new ClientResponse(this);
  /** What has become of the request; no response can be sent any more. */
  #tunnel: Tunnel | undefined;
  readonly #mayUpgrade: boolean;
  readonly #asSent: Fields | undefined;
  readonly #xid: number;
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
    if (this.#response.isStreaming) {
      this.#response.cut();
      this.#finish('cut');
    } else if (this.#tunnel !== undefined) {
      this.#finish('piped');
    } else {
      this.#response.sendPlainly();
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

  fetched(beresp: ResponseMessage, hasBody: boolean, length: number | undefined, isBodyHere: boolean): void {
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
    if (this.req.method !== 'GET' && this.req.method !== 'HEAD') invalidateStored(this, beresp);
    const next = this.#deliver(beresp, undefined, 0);
    if (next === 'transmit') {
      const switched = this.#fetch?.switched;
      if (switched !== undefined && beresp.status === SWITCHING) {
        this.#response.status = beresp.status;
        this.#openTunnel(switched.connection, switched.record, switchingHead(beresp, switched.protocol));
        return;
      }
      const isPacked = isGzip && !takesGzip(this.req.http);
      const text = isBodyHere && !isPacked ? this.#takeText(beresp) : undefined;
      if (text !== undefined) this.#response.sendText(beresp, text);
      else if (this.#response.beginFetched(beresp, hasBody, length, isPacked) === 'streaming') return;
    }
    this.#fetch?.leave();
    if (next === 'transmit') {
      this.#finish('complete');
    } else {
      this.#fetch?.remember(`${wordFor(next)} after ${status}: deliver`);
      this.#proceed(next);
    }
  }

  /** The body of an answer, if it is here and may be sent with the head in one piece. */
  #takeText(beresp: ResponseMessage): string | undefined {
    if (!this.#response.takesText(beresp)) return undefined;
    return this.#fetch?.takeText(TEXT_BYTES);
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
    const isVarnish = this.loaded.manners.kind === 'varnish';
    // What is passed has a length only if its backend says so.
    if (isVarnish && this.exchange.method === 'HEAD' && this.#shared === undefined) {
      this.#response.sendSyntheticHead(beresp);
    } else {
      this.#response.sendSynthetic(beresp, true);
    }
    this.#finish('complete');
  }

  fetchFailed(): void {
    this.#proceed({ synth: 503 });
  }

  pieceFetched(chunk: Uint8Array): boolean {
    if (this.#response.write(chunk)) return true;
    this.#response.onRoom(() => this.#fetch?.resume());
    return false;
  }

  bodyFetched(trailers: Fields | undefined): void {
    this.#response.end(trailers);
  }

  bodyBroke(): void {
    this.#response.break();
  }

  responseOver(isWhole: boolean): void {
    this.#finish(isWhole ? 'complete' : 'cut');
  }

  // The cache tells what has become of the fetch of somebody else.

  objectArrived(object: StoredObject, fetch: CacheFetch | undefined): void {
    this.#lookup.object = object;
    const isOwn = this.#fetch !== undefined && fetch?.backend === this.#fetch;
    this.#shared = fetch;
    this.#proceed(isOwn ? this.#deliverObject(object, 0, this.environment.clock.wallNow()) : 'hit');
  }

  lookAgain(): void {
    this.#shared = undefined;
    this.#proceed('lookup');
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
        return this.#lookUp();
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

  #lookUp(): Step {
    this.#leaveShared();
    // What is neither GET nor HEAD is not looked up: RFC 9111 section 4, and varnishd's built-in VCL. Nor is what
    // offers to switch protocols, which nothing stored could do.
    const { req } = this;
    const isRfc = this.loaded.manners.kind === 'rfc';
    if (isRfc && req.method !== 'GET' && req.method !== 'HEAD') return 'pass';
    if (this.#offer() !== undefined) return 'pass';
    const { store } = this.environment;
    if (store === undefined || this.loaded.policy === undefined) return 'fetch';
    // The body of a GET would be part of what is asked for (RFC 9110 section 9.3.1).
    if (isRfc && this.#body !== undefined) return 'pass';
    const next = this.#lookup.look(this, store);
    if (next !== 'wait') return next;
    const { pending } = this.#lookup;
    if (!(pending instanceof CacheFetch)) return 'miss';
    this.#shared = pending;
    pending.join(this);
    return 'wait';
  }

  #hit(): Step {
    const { object, isDue } = this.#lookup;
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
      const context = new HitSideContext(this, this.#purgeFound(), new ObjectView(object, object.hits, now));
      const action = runHook(this, hookRules.hit, hit, context);
      if (action !== 'deliver') return action === 'fail' ? 'failed' : action;
    }
    // Behind the hook, which may have changed what is asked for.
    if (isDue && store !== undefined) this.#refresh(store, object);
    return this.#deliverObject(object, object.hits, now);
  }

  #miss(): Step {
    const { miss } = this.loaded.config.hooks;
    if (miss !== undefined) {
      const context = new LookupSideContext(this, this.#purgeFound());
      const action = runHook(this, hookRules.miss, miss, context);
      if (action !== 'fetch') return action === 'fail' ? 'failed' : action;
    }
    const { store } = this.environment;
    const { policy } = this.loaded;
    if (store === undefined || policy === undefined) return 'fetch';
    store.misses++;
    // A hook may have purged what was found.
    const { object, isAlone, isAbsent } = this.#lookup;
    const key = this.requestHash().key();
    const entry = isAbsent && miss === undefined ? store.add(key) : store.open(key);
    const isThere = object !== undefined && entry.objects.includes(object);
    const isShared = !isAlone;
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

  /** For hooks. */
  #purgeFound(): (options?: PurgeOptions) => number {
    return (options) => purgeFound(this, options);
  }

  #leaveShared(): void {
    const shared = this.#shared;
    if (shared === undefined) return;
    this.#shared = undefined;
    shared.leave(this, this.#response.reading);
  }

  #pass(): Step {
    const { pass } = this.loaded.config.hooks;
    if (pass === undefined) return 'fetch';
    const action = runHook(this, hookRules.pass, pass, this.#clientContext());
    return action === 'fail' ? 'failed' : action;
  }

  #purge(): Step {
    purgeFound(this);
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
  #deliverObject(object: StoredObject, hits: number, now: number): Step {
    const { req } = this;
    const { manners } = this.loaded;
    const { deliver } = this.loaded.config.hooks;
    const isPacked = object.isGzip && !takesGzip(req.http);
    if (deliver === undefined && !isPacked && !wantsMore(req.http)) {
      return this.#sent(this.#response.sendStored(object, hits, now, this.#shared));
    }
    const resp = new ResponseMessage(object.status, object.reason, object.fields());
    manners.deliver(resp, req, {
      isStored: true,
      storedBy: hits > 0 ? String(object.fetchedBy) : undefined,
      age: object.age(now),
      isPassed: false,
      isUnpacked: isPacked,
      isMade: false,
    });
    const next = this.#deliver(resp, object, hits);
    if (next !== 'transmit') return next;
    return this.#sent(this.#response.sendDelivered(object, resp, isPacked, now, this.#shared));
  }

  #sent(sent: Sent): Step {
    if (sent === 'complete') this.#finish('complete');
    return 'wait';
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
      this.#response.sendSynthetic(resp, false);
    } else if (this.loaded.manners.kind === 'varnish') this.#response.sendBarely();
    else this.#response.sendPlainly();
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

  #finish(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.exchange.onAborted = undefined;
    const tunnel = this.#tunnel;
    const { status, bytesSent: bodyBytesSent } = this.#response;
    const bytesSent = bodyBytesSent + (tunnel?.bytesToClient ?? 0);
    const bytesReceived = (this.#body?.readBytes ?? 0) + (tunnel?.bytesFromClient ?? 0);
    this.#body?.close();
    this.#response.close();
    this.#leaveShared();
    const { environment, loaded } = this;
    environment.traffic.end(ending, status, bytesSent, bytesReceived);
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
    const { status } = this.#response;
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

/** What a hook wants instead of the response, for people. */
function wordFor(next: Step): string {
  if (typeof next !== 'string') return `synth ${next.synth}`;
  return next === 'failed' ? 'fail' : next;
}
