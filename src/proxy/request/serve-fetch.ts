/**
 * A request that this process itself makes (`proxy.dispatcher()`): the backend side of a request's life, from
 * choosing a backend to its answer, with the hooks that belong to it.
 *
 *   hash -> backendFetch -> ask --answer--> backendResponse -> respond | retry | abandon
 *                             `--failure--> backendError    -> respond | retry | fail
 *
 * The hooks about clients (recv, pass, deliver, synth) do not run: there is none. `hash` does, so that an
 * object denied by saintmode is the same one for everybody who asks for it.
 */
import { TroupeError } from '../../errors.ts';
import type { ResponseBody } from '../http/exchange.ts';
import type { FetchExchange } from '../http/fetch-exchange.ts';
import type { Fields } from '../http/fields.ts';
import { HashSideContext } from './contexts.ts';
import type { RequestEnvironment } from './environment.ts';
import { BackendFetch, type FetchClient } from './fetch-steps.ts';
import { hookRules } from './hook-rules.ts';
import { endToEndRequest } from './hop-by-hop.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { illegalFields, illegalStatusLine } from './message-check.ts';
import { BackendMessage, ClientMessage, type ResponseMessage, type SyntheticMessage } from './messages.ts';
import { ReplayableBody } from './replayable-body.ts';
import { RequestHash } from './request-hash.ts';
import { tellEnd } from './request-report.ts';
import { type RequestStory, storyOf } from './request-story.ts';
import { hookLeft, runHook } from './run-hook.ts';
import type { Running } from './running-requests.ts';
import type { Ending } from './traffic.ts';

/**
 * @param target name of a backend, director or saintmode object; undefined: the config's default
 */
export function serveFetch(
  environment: RequestEnvironment,
  loaded: LoadedConfig | undefined,
  exchange: FetchExchange,
  target: string | undefined,
): void {
  const refuse = (error: TroupeError) => {
    environment.traffic.end('complete', failedStatus, 0, 0);
    exchange.fail(error);
  };
  if (loaded === undefined) refuse(noConfig());
  else if (!knows(loaded, target)) refuse(unknownTarget(loaded, target));
  else new FetchRun(environment, loaded, exchange, target).start();
}

/** What a client of a listener would have got: a fetch that fails counts as that. */
const failedStatus = 503;

class FetchRun implements FetchClient, Running {
  readonly environment: RequestEnvironment;
  readonly loaded: LoadedConfig;
  readonly exchange: FetchExchange;
  readonly req: ClientMessage;
  runningBefore: Running | undefined;
  runningAfter: Running | undefined;
  story: RequestStory | undefined;
  readonly #body: ReplayableBody | undefined;
  #hash: RequestHash | undefined;
  #fetch: BackendFetch | undefined;
  #stream: ResponseBody | undefined;
  #status = 0;
  #bytesSent = 0;
  #isOver = false;

  constructor(
    environment: RequestEnvironment,
    loaded: LoadedConfig,
    exchange: FetchExchange,
    target: string | undefined,
  ) {
    const { method, fields, body, bodyLength } = exchange;
    this.environment = environment;
    this.loaded = loaded;
    this.exchange = exchange;
    this.req = new ClientMessage(environment.nextXid(), method, exchange.target, 'HTTP/1.1', fields);
    this.req.backend = target ?? loaded.config.defaultTarget;
    this.#body =
      body === undefined
        ? undefined
        : new ReplayableBody(body, bodyLength, environment.limits.replayableBodyBytes);
  }

  start(): void {
    this.loaded.running.add(this);
    this.exchange.onAborted = () => this.#abort();
    if (this.#runHash()) this.#ask(0);
    else this.#fail(this.#givenUp());
  }

  cut(): void {
    if (this.#isOver) return;
    this.#fetch?.abort();
    const message = 'its config was discarded, and the time that requests get to end was over';
    this.#fail(new TroupeError('troupe.abandoned', message, { side: 'troupe', retryable: true }));
  }

  requestHash(): RequestHash {
    const { req, exchange } = this;
    this.#hash ??= new RequestHash([req.url, req.http.get('Host')?.toLowerCase() ?? exchange.server.address]);
    return this.#hash;
  }

  fetched(beresp: ResponseMessage, hasBody: boolean, length: number | undefined): void {
    if (!this.#isUsable('backendResponse', beresp)) {
      this.#fetch?.leave();
      this.#fail(this.#givenUp());
      return;
    }
    this.#status = beresp.status;
    if (hasBody && length !== 0) {
      this.#stream = this.exchange.begin(beresp, length);
      return;
    }
    this.#fetch?.leave();
    this.exchange.respond(beresp, undefined, length);
    this.#finish('complete');
  }

  /** The page that stands for a failure is for people; whoever fetches gets the error, unless a hook wrote more. */
  fetchedSynthetic(beresp: SyntheticMessage): void {
    const failure = this.#fetch?.failure;
    const isUntouched = beresp.hasPage && beresp.status === failedStatus;
    if (isUntouched) {
      if (failure !== undefined && this.#mayRepeat(failure)) this.#repeat();
      else this.#fail(failure ?? this.#givenUp());
    } else if (this.#isUsable('backendError', beresp)) {
      this.#status = beresp.status;
      const { body } = beresp;
      const bytes = typeof body === 'string' ? Buffer.from(body) : body;
      this.#bytesSent = bytes.length;
      this.exchange.respond(beresp, bytes);
      this.#finish('complete');
    } else {
      this.#fail(this.#givenUp());
    }
  }

  fetchFailed(): void {
    this.#fail(this.#fetch?.failure ?? this.#givenUp());
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
    this.#fail(this.#fetch?.failure ?? this.#givenUp());
  }

  #ask(retries: number): void {
    const { exchange, req } = this;
    const number = this.environment.nextXid();
    const bereq = new BackendMessage(req, endToEndRequest(req.http), this.#body !== undefined, number);
    bereq.retries = retries;
    bereq.firstByteTimeoutMs = exchange.firstByteTimeoutMs;
    bereq.betweenBytesTimeoutMs = exchange.betweenBytesTimeoutMs;
    this.#fetch = new BackendFetch(this, bereq, this.#body);
    this.#fetch.begin();
  }

  /** False: the hook has failed. */
  #runHash(): boolean {
    const { hash } = this.loaded.config.hooks;
    if (hash === undefined) return true;
    const parts = new RequestHash();
    const action = runHook(this, hookRules.hash, hash, new HashSideContext(this, parts));
    if (!parts.isEmpty) this.#hash = parts;
    return action !== 'fail';
  }

  /**
   * Where no hook decides, a backend that could not be reached, or hung up on a request that may be sent twice,
   * is not the end: whoever goes through a director wants another one to be asked.
   */
  #mayRepeat(failure: TroupeError): boolean {
    if (this.loaded.config.hooks.backendError !== undefined || !failure.retryable) return false;
    if (!isLostConnection(failure) || this.#body?.refusal('retry') !== undefined) return false;
    return (this.#fetch?.bereq.retries ?? 0) < this.environment.limits.maxRetries;
  }

  #repeat(): void {
    const retries = (this.#fetch?.bereq.retries ?? 0) + 1;
    this.environment.traffic.retries++;
    if (this.story !== undefined) {
      this.story.retries++;
      this.story.goOn();
    }
    this.#ask(retries);
  }

  /** Whether what hooks have left can be handed on; if not, the log is told. */
  #isUsable(hook: 'backendResponse' | 'backendError', { status, reason, http }: ResponseMessage): boolean {
    if (!this.loaded.touches.backend) return true;
    const mistake = illegalStatusLine(status, reason) ?? illegalFields(http);
    if (mistake === undefined) return true;
    hookLeft(this, hook, `left a response that cannot be used: ${mistake}`);
    return false;
  }

  /** A hook wanted no response, or could not be used. */
  #givenUp(): TroupeError {
    const { code, message } = this.story?.failure ?? { code: undefined, message: 'a hook gave the fetch up' };
    return new TroupeError(code ?? 'troupe.abandoned', message, { side: 'troupe' });
  }

  #fail(error: TroupeError): void {
    storyOf(this)?.fail(error);
    const ending = this.#stream === undefined ? 'complete' : 'cut';
    if (this.#status === 0) this.#status = failedStatus;
    this.exchange.onAborted = undefined;
    this.exchange.fail(error);
    this.#finish(ending);
  }

  /** Nobody waits any more. */
  #abort(): void {
    if (this.#isOver) return;
    this.#fetch?.abort();
    this.#finish('aborted');
  }

  #finish(ending: Ending): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.exchange.onAborted = undefined;
    const bytesSent = this.#bytesSent;
    const bytesReceived = this.#body?.readBytes ?? 0;
    this.#body?.close();
    const { environment, exchange, loaded, req } = this;
    const status = this.#status;
    environment.traffic.end(ending, status, bytesSent, bytesReceived);
    const { durations } = environment.traffic;
    if (durations !== undefined && ending !== 'piped') {
      durations.add(environment.clock.now() - exchange.receivedAt);
    }
    const { running } = loaded;
    running.remove(this);
    if (running.size === 0) loaded.onIdle?.();
    if (environment.access === undefined && this.story?.failure === undefined) return;
    this.#fetch?.remember(ending === 'complete' ? undefined : ending);
    const { story } = this;
    const { xid, restarts } = req;
    const config = loaded.key;
    tellEnd(environment, exchange, {
      config,
      xid,
      restarts,
      ending,
      status,
      bytesSent,
      bytesReceived,
      story,
    });
  }
}

function isLostConnection({ code }: TroupeError): boolean {
  return code === 'backend.connect-failed' || code === 'backend.connect-timeout' || code === 'backend.reset';
}

function knows({ graph }: LoadedConfig, target: string | undefined): boolean {
  return target === undefined || graph.get(target) !== undefined;
}

function unknownTarget({ config }: LoadedConfig, target: string | undefined): TroupeError {
  const { backends, directors, saintmodes } = config;
  const names = [...directors, ...saintmodes, ...backends].map(({ name }) => name);
  const known = names.length === 0 ? 'It declares none.' : `It has ${names.join(', ')}.`;
  const message = `The config in use has no backend, director or saintmode object ${target}. ${known}`;
  return new TroupeError('command.unknown-target', message, { side: 'troupe' });
}

function noConfig(): TroupeError {
  const message = 'No config is in use: load one, and use it.';
  return new TroupeError('command.config-not-ready', message, { side: 'troupe' });
}
