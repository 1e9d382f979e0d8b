/**
 * The client side of a request, from its head to the end of its one response. The steps are those of
 * vcl-step(7); without a cache every lookup is a miss, which is fetched and streamed but not kept:
 *
 *   recv -> hash -> lookup | pass -> fetch -> deliver -> transmit
 *               `-> pipe | purge | synth
 *   upgrade: what offers to switch protocols is passed, and a backend that switches opens a tunnel
 *   restart: from recv, pass, purge, deliver and synth back to recv
 *   fail:    from every hook to synth, and from synth to a plain answer without hooks
 */
import type { Duplex } from 'node:stream';
import type { Synth } from '../../config/hooks.ts';
import type { Exchange, ResponseBody } from '../http/exchange.ts';
import { Fields } from '../http/fields.ts';
import type { BackendRecord } from './backend-record.ts';
import { ClientSideContext, DeliverSideContext, HashSideContext, SynthSideContext, say } from './contexts.ts';
import { dateField } from './date-field.ts';
import type { RequestEnvironment } from './environment.ts';
import { BackendFetch, type FetchClient } from './fetch-steps.ts';
import { appendForwardedFor, appendVia } from './forwarded.ts';
import { hookRules } from './hook-rules.ts';
import { dropConnectionOptions, endToEndRequest } from './hop-by-hop.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { illegalFields, illegalStatusLine, SWITCHING } from './message-check.ts';
import { BackendMessage, ClientMessage, type ResponseMessage, SyntheticMessage } from './messages.ts';
import { Pipe, type PipeClient } from './pipe-steps.ts';
import { ReplayableBody } from './replayable-body.ts';
import { RequestHash } from './request-hash.ts';
import { tellEnd } from './request-report.ts';
import { type RequestStory, storyOf } from './request-story.ts';
import { parseRequestTarget } from './request-target.ts';
import { hookLeft, runHook } from './run-hook.ts';
import type { Running } from './running-requests.ts';
import { phraseOf, respondPlainly } from './synthetic.ts';
import type { Ending } from './traffic.ts';
import { switchingHead, transmit, transmitSynthetic } from './transmit.ts';
import { Tunnel } from './tunnel.ts';
import { answerUnserved } from './unserved-request.ts';
import { offeredByClient } from './upgrade-offer.ts';

/**
 * What a request does next; `wait`: something else will call, or the request is over. `failed` is what comes
 * of a hook that fails: 503 with varnishd's reason.
 */
type Step = 'recv' | 'lookup' | 'pass' | 'purge' | 'pipe' | 'fetch' | 'restart' | 'failed' | Synth | 'wait';

/** Serves one request with one config. The client gets an answer even if every hook fails. */
export function serveRequest(
  environment: RequestEnvironment,
  loaded: LoadedConfig,
  exchange: Exchange,
): void {
  const target = parseRequestTarget(exchange.method, exchange.target);
  if (target === undefined) {
    answerUnserved(environment, exchange, 400, loaded.key);
    return;
  }
  const { fields } = exchange;
  const namesUpgrade = dropConnectionOptions(fields);
  if (target.host !== undefined) fields.set('Host', target.host);
  appendForwardedFor(fields, exchange.client.address);
  new RequestRun(environment, loaded, exchange, target.url, namesUpgrade).start();
}

class RequestRun implements FetchClient, PipeClient, Running {
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
  /** What has become of the request; no response can be sent any more. */
  #tunnel: Tunnel | undefined;
  readonly #namesUpgrade: boolean;
  /** The response under way. */
  #stream: ResponseBody | undefined;
  /** Of the response; 0 until it begins. */
  #status = 0;
  #bytesSent = 0;
  #isOver = false;

  /** @param namesUpgrade whether the client's field Connection does, without which Upgrade means nothing */
  constructor(
    environment: RequestEnvironment,
    loaded: LoadedConfig,
    exchange: Exchange,
    url: string,
    namesUpgrade: boolean,
  ) {
    const { method, version, fields, body, bodyLength } = exchange;
    this.environment = environment;
    this.loaded = loaded;
    this.exchange = exchange;
    this.#namesUpgrade = namesUpgrade;
    this.req = new ClientMessage(environment.nextXid(), method, url, `HTTP/${version}`, fields);
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

  // The backend side tells how the fetch goes.

  fetched(beresp: ResponseMessage, hasBody: boolean, length: number | undefined): void {
    // Transports do not say in which version they got the response; all speak 1.1.
    appendVia(beresp.http, '1.1');
    const { status } = beresp;
    const next = this.#deliver(beresp);
    if (next === 'transmit') {
      this.#status = beresp.status;
      const switched = this.#fetch?.switched;
      if (switched !== undefined && beresp.status === SWITCHING) {
        this.#openTunnel(switched.connection, switched.record, switchingHead(beresp, switched.protocol));
        return;
      }
      this.#stream = transmit(this.exchange, beresp, hasBody, length);
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
    const next = this.#deliver(beresp);
    if (next !== 'transmit') {
      this.#proceed(next);
      return;
    }
    this.#transmitSynthetic(beresp);
    this.#finish('complete');
  }

  fetchFailed(): void {
    this.#proceed({ synth: 503 });
  }

  pieceFetched(chunk: Uint8Array): boolean {
    const stream = this.#stream;
    this.#bytesSent += chunk.length;
    if (stream === undefined || stream.write(chunk)) return true;
    stream.onDrain ??= () => this.#fetch?.resume();
    return false;
  }

  bodyFetched(trailers: Fields | undefined): void {
    this.#stream?.end(trailers);
    this.#finish('complete');
  }

  bodyBroke(): void {
    this.#stream?.cut();
    this.#finish('cut');
  }

  pipeRefused(next: 'failed' | Synth): void {
    this.#proceed(next);
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
    return this.#namesUpgrade ? offeredByClient(this.exchange, this.req.http) : undefined;
  }

  #take(step: Exclude<Step, 'wait'>): Step {
    switch (step) {
      case 'recv':
        return this.#recv();
      case 'lookup':
        // What is neither GET nor HEAD is not looked up: RFC 9111 section 4, and varnishd's built-in VCL. Nor is
        // what offers to switch protocols, which nothing stored could do.
        if (this.req.method !== 'GET' && this.req.method !== 'HEAD') return 'pass';
        return this.#offer() === undefined ? 'fetch' : 'pass';
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
        return this.#synth(503, 'VCL failed');
      default:
        return this.#synth(step.synth, step.reason);
    }
  }

  #recv(): Step {
    const { recv } = this.loaded.config.hooks;
    const action = recv === undefined ? 'hash' : runHook(this, hookRules.recv, recv, this.#clientContext());
    // varnishd hashes whatever vcl_recv has decided, unless that failed.
    if (action === 'fail' || this.#runHash() === 'fail') return 'failed';
    return action === 'hash' ? 'lookup' : action;
  }

  #runHash(): 'lookup' | 'fail' {
    const { hash, pass } = this.loaded.config.hooks;
    this.#hash = undefined;
    if (hash !== undefined) {
      const parts = new RequestHash();
      const action = runHook(this, hookRules.hash, hash, new HashSideContext(this, parts));
      if (action === 'fail') return 'fail';
      if (!parts.isEmpty) this.#hash = parts;
    }
    // The pass hook may change what the default hash is made of.
    if (pass !== undefined) this.#hash ??= this.#defaultHash();
    return 'lookup';
  }

  #defaultHash(): RequestHash {
    const { req, exchange } = this;
    return new RequestHash([req.url, req.http.get('Host')?.toLowerCase() ?? exchange.server.address]);
  }

  #pass(): Step {
    const { pass } = this.loaded.config.hooks;
    if (pass === undefined) return 'fetch';
    const action = runHook(this, hookRules.pass, pass, this.#clientContext());
    return action === 'fail' ? 'failed' : action;
  }

  #purge(): Step {
    const { purge } = this.loaded.config.hooks;
    const rule = hookRules.purge;
    const action = purge === undefined ? rule.byDefault : runHook(this, rule, purge, this.#clientContext());
    return action === 'fail' ? 'failed' : action;
  }

  #startFetch(): Step {
    // RFC 9110 section 9.3.6: a tunnel is not something that can be fetched; a config may pipe it.
    if (this.req.method === 'CONNECT') return { synth: 501 };
    const bereq = new BackendMessage(this.req, endToEndRequest(this.req.http), this.#body !== undefined);
    appendVia(bereq.http, this.exchange.version);
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

  /** Asks the hook deliver; `transmit` if the response may go. */
  #deliver(resp: ResponseMessage): Step | 'transmit' {
    const { deliver } = this.loaded.config.hooks;
    if (deliver !== undefined) {
      const action = runHook(this, hookRules.deliver, deliver, new DeliverSideContext(this, resp));
      if (action !== 'deliver') return action === 'fail' ? 'failed' : action;
    }
    const hook = deliver === undefined ? 'backendResponse' : 'deliver';
    return !this.loaded.touches.response || this.#isSendable(hook, resp) ? 'transmit' : 'failed';
  }

  #synth(status: number, reason = phraseOf(status)): Step {
    const { environment, req } = this;
    const now = environment.clock.wallNow();
    const resp = new SyntheticMessage(status, reason, new Fields(['Date', dateField(now)]), req.xid);
    const { synth } = this.loaded.config.hooks;
    let isFit = true;
    if (synth !== undefined) {
      const action = runHook(this, hookRules.synth, synth, new SynthSideContext(this, resp));
      // As in varnishd, a restart too many is a delivery: otherwise this would go on for ever.
      if (action === 'restart' && req.restarts <= environment.limits.maxRestarts) return 'restart';
      isFit = action !== 'fail' && this.#isSendable('synth', resp);
    }
    if (isFit) this.#transmitSynthetic(resp);
    else this.#respondPlainly();
    this.#finish('complete');
    return 'wait';
  }

  /** Whether what hooks have left can be sent; if not, the log is told. */
  #isSendable(hook: 'backendResponse' | 'deliver' | 'synth', resp: ResponseMessage): boolean {
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
    this.#fetch?.abort();
    this.#pipe?.cut();
    this.#finish('aborted');
  }

  #transmitSynthetic(resp: SyntheticMessage): void {
    this.#status = resp.status;
    this.#bytesSent = transmitSynthetic(this.exchange, resp);
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
    const { environment, loaded } = this;
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

/** What a hook wants instead of the response, for people. */
function wordFor(next: Step): string {
  if (typeof next !== 'string') return `synth ${next.synth}`;
  return next === 'failed' ? 'fail' : next;
}
