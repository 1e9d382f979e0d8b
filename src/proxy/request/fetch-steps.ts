/**
 * The backend side of a request, from the hook backendFetch to the response or the final failure. The steps
 * are those of vcl-step(7):
 *
 *   begin -> backendFetch -> ask --answer--> backendResponse -> deliver | retry | abandon
 *                              `--failure--> backendError    -> deliver | retry | abandon
 *
 * Each attempt finds its backend anew, so a retry avoids what has been denied or has fallen sick since.
 *
 * A backend that switches protocols, where they were offered, has answered as well, with 101: the hooks decide on
 * it as on every answer, and what they do not deliver costs the connection.
 */
import type { Duplex } from 'node:stream';
import type { BackendErrorAnswer, BackendRef } from '../../config/hooks.ts';
import { durationHint, parseDuration } from '../../duration.ts';
import { TroupeError } from '../../errors.ts';
import type { BackendTarget } from '../directors/target.ts';
import { hasToken } from '../fetch/answer-framing.ts';
import type { FetchHead } from '../fetch/transport.ts';
import type { SocketAddress } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import { Attempt, type AttemptReceiver, worthReading } from './attempt.ts';
import { BackendErrorMessage } from './backend-error.ts';
import { tellFailure } from './backend-failure.ts';
import { BackendPick, type PickReceiver } from './backend-pick.ts';
import { preambleFor } from './backend-preamble.ts';
import type { BackendRecord } from './backend-record.ts';
import { BackendResponseMessage, notKept } from './backend-response.ts';
import { describeTry } from './backend-try.ts';
import {
  BackendErrorSideContext,
  BackendResponseSideContext,
  BackendSideContext,
  type FetchOwner,
  type HookOwner,
  say,
} from './contexts.ts';
import { dateField } from './date-field.ts';
import { type FetchFilter, type FilterOwner, filterOf } from './fetch-filter.ts';
import { hookRules } from './hook-rules.ts';
import { contentLength, dropResponseHopByHop } from './hop-by-hop.ts';
import { illegalFields, illegalRequestLine, isFinalStatus, shown } from './message-check.ts';
import type { BackendMessage, ResponseMessage, SyntheticMessage } from './messages.ts';
import type { ReplayableBody } from './replayable-body.ts';
import { storyOf } from './request-story.ts';
import { hookLeft, runHook } from './run-hook.ts';
import { phraseOf } from './synthetic.ts';
import { stillOffered } from './upgrade-offer.ts';

/** What a fetch does next. An error is what the attempt came to; `nothing`: there is nothing to deliver. */
type Step = 'fetch' | TroupeError | BackendErrorAnswer | 'nothing' | 'wait';

/** A backend that has switched protocols. */
interface ProtocolSwitch {
  readonly protocol: string;
  readonly connection: Duplex;
  readonly record: BackendRecord;
}

/** The client side, which is told how the fetch goes: one of the first three, then perhaps the body. */
export interface FetchClient extends HookOwner {
  /**
   * An answer, before hooks see it. Absent: it is for this request only, and no cache has a say.
   *
   * @param sentAt milliseconds since 1970 at which it was asked for
   * @returns undefined: ask again, `bereq` has changed; an error: it is none
   */
  receive?(
    status: number,
    reason: string,
    fields: Fields,
    sentAt: number,
  ): BackendResponseMessage | TroupeError | undefined;
  /**
   * A response to deliver: if `BackendFetch.switched` is there, a switch of protocols, unless a hook has given it
   * another status.
   *
   * @param hasBody whether pieces of a body may follow, until `bodyFetched` or `bodyBroke`
   * @param length of the body, as the backend announced it
   * @param isBodyHere whether all of the body follows at once
   */
  fetched(beresp: ResponseMessage, hasBody: boolean, length: number | undefined, isBodyHere: boolean): void;
  /** A response that was made here, whole. */
  fetchedSynthetic(beresp: SyntheticMessage): void;
  /** There is nothing to deliver. */
  fetchFailed(): void;
  /** False: stop until `resume`. */
  pieceFetched(chunk: Uint8Array): boolean;
  bodyFetched(trailers: Fields | undefined): void;
  bodyBroke(): void;
}

export class BackendFetch implements AttemptReceiver, FetchOwner, PickReceiver, FilterOwner {
  readonly owner: FetchClient;
  readonly bereq: BackendMessage;
  /** What the last attempt came to, where it failed. */
  failure: TroupeError | undefined;
  /** Until the answer is left, which closes the connection. */
  switched: ProtocolSwitch | undefined;
  readonly #body: ReplayableBody | undefined;
  readonly #pick: BackendPick;
  /** Who is being asked; undefined until an attempt has found somebody. */
  #target: BackendTarget | undefined;
  #attempt: Attempt | undefined;
  #isHead = false;
  #isBodyHere = false;
  #hasBody = false;
  #length: number | undefined;
  #isDelivered = false;
  #delivered: BackendResponseMessage | undefined;
  /** What is done to the body before anybody gets it. */
  #filter: FetchFilter | undefined;
  /** Whether there is a try that the request's story does not have yet. */
  #isUntold = false;
  /** For how long hooks have denied the backend asked; 0: they have not. */
  #deniedForMs = 0;
  readonly #offer: string | undefined;

  /** @param offer protocols that the client offers to switch to; the field Upgrade of `bereq` may withdraw some */
  constructor(owner: FetchClient, bereq: BackendMessage, body: ReplayableBody | undefined, offer?: string) {
    this.owner = owner;
    this.bereq = bereq;
    this.#body = body;
    this.#offer = offer;
    this.#pick = new BackendPick(owner, bereq, this);
  }

  begin(): void {
    this.#proceed('fetch');
  }

  resume(): void {
    if (this.#filter === undefined) this.#attempt?.resume();
    else this.#filter.resume();
  }

  /** All of the body as text, if it is here as it is to be delivered and no longer than that. For `fetched`. */
  takeText(mostBytes: number): string | undefined {
    return this.#filter === undefined ? this.#attempt?.takeText(mostBytes) : undefined;
  }

  /** Nobody waits any more. */
  abort(): void {
    this.#pick.abort();
    this.#filter?.stop();
    this.#attempt?.abort();
  }

  /** The answer is not wanted, or not its body. */
  leave(): void {
    if (this.switched !== undefined) {
      this.switched = undefined;
      this.#attempt?.abort();
      return;
    }
    const isSent = this.#body === undefined || this.#body.isComplete;
    const isShort = !this.#hasBody || (this.#length !== undefined && this.#length <= worthReading);
    if (isSent && isShort) this.#attempt?.leave();
    else this.#attempt?.abort();
  }

  /**
   * Adds the try that is over to the request's story.
   *
   * @param givenUp why it is not what the client gets; undefined: it is
   */
  remember(givenUp: string | undefined, error?: TroupeError): void {
    if (!this.#isUntold) return;
    this.#isUntold = false;
    const story = storyOf(this.owner);
    if (story === undefined) return;
    const outcome = { givenUp, error, deniedForMs: this.#deniedForMs };
    story.tries.push(describeTry(this.owner, this.#pick, this.#attempt, outcome));
  }

  get peer(): SocketAddress | undefined {
    return this.#attempt?.peer;
  }

  accepts(target: BackendRef): boolean {
    return this.#pick.accepts(target);
  }

  deny(duration: number | string): void {
    const ms = typeof duration === 'number' && duration < 0 ? 0 : parseDuration(duration);
    if (ms === undefined) throw noDuration(duration);
    const target = this.#target;
    if (target === undefined) {
      say(this.owner, 'deny: no backend was asked, so there is none to deny');
    } else if (!this.owner.loaded.graph.hasSaintmode(target.identity)) {
      say(this.owner, `deny: no saintmode object wraps the backend ${target.name}, so this has no effect`);
    } else if (ms === 0) {
      say(this.owner, `deny: a duration of ${duration} for ${target.name} denies nothing`);
    } else {
      this.#deniedForMs = ms;
      this.owner.environment.deny(target.identity, this.owner.requestHash().hex(), ms);
    }
  }

  picked(outcome: BackendTarget | TroupeError): void {
    this.#proceed(outcome instanceof TroupeError ? outcome : this.#ask(outcome));
  }

  answered(head: FetchHead): void {
    this.#proceed(this.#judge(head));
  }

  upgraded({ status, reason, fields }: FetchHead, connection: Duplex, record: BackendRecord): void {
    const protocol = fields.getAll('Upgrade').join(', ');
    this.switched = { protocol, connection, record };
    this.#hasBody = false;
    this.#length = 0;
    dropResponseHopByHop(fields);
    // For hooks that want to know; what they make of it changes nothing.
    fields.appendLegal('Upgrade', protocol);
    const now = this.owner.environment.clock.wallNow();
    this.#proceed(this.#respond(new BackendResponseMessage(status, reason, fields, notKept, now)));
  }

  received(chunk: Uint8Array): boolean {
    return this.#filter === undefined ? this.owner.pieceFetched(chunk) : this.#filter.write(chunk);
  }

  ended(trailers: Fields | undefined): void {
    if (trailers !== undefined) dropResponseHopByHop(trailers);
    if (this.#filter === undefined) this.owner.bodyFetched(trailers);
    else this.#filter.end(trailers);
  }

  // What the filter makes of the body.

  filterBegan(length: number | undefined): void {
    const beresp = this.#delivered;
    if (beresp === undefined) return;
    this.#isDelivered = true;
    this.owner.fetched(beresp, true, length, false);
  }

  filtered(chunk: Uint8Array): boolean {
    return this.owner.pieceFetched(chunk);
  }

  filterEnded(trailers: Fields | undefined): void {
    this.owner.bodyFetched(trailers);
  }

  filterBroke(hasBegun: boolean): void {
    this.#attempt?.abort();
    const message = `${this.#target?.identity} sent a body that is no gzip, or not all of it`;
    const error = new TroupeError('backend.malformed', message, { side: 'backend' });
    this.failure = error;
    if (hasBegun) this.owner.bodyBroke();
    else this.#proceed(error);
  }

  resumeSource(): void {
    this.#attempt?.resume();
  }

  failed(error: TroupeError): void {
    this.failure = error;
    this.#filter?.stop();
    this.#filter = undefined;
    if (this.#isDelivered) {
      tellFailure(this.owner, this.bereq, this.#target, error);
      this.remember(error.code, error);
      this.owner.bodyBroke();
    } else if (this.#body?.isBroken !== true) {
      this.#proceed(error);
    }
    // Otherwise it is the client who has gone; the listener says so to the exchange.
  }

  // The steps. Each returns what comes next.

  #proceed(first: Step): void {
    let next = first;
    while (next !== 'wait') {
      if (next === 'fetch') {
        next = this.#fetch();
      } else if (next === 'nothing') {
        this.owner.fetchFailed();
        next = 'wait';
      } else {
        next =
          next instanceof TroupeError ? this.#fail(next) : this.#made(next.error, next.reason, undefined);
      }
    }
  }

  #fetch(): Step {
    const { owner, bereq } = this;
    const { loaded } = owner;
    this.#target = undefined;
    this.#attempt = undefined;
    this.failure = undefined;
    bereq.asked = undefined;
    loaded.manners.attempt(bereq);
    const { backendFetch } = loaded.config.hooks;
    if (backendFetch !== undefined) {
      const context = new BackendSideContext(this, bereq);
      const action = runHook(owner, hookRules.backendFetch, backendFetch, context);
      if (action !== 'fetch') return typeof action === 'string' ? 'nothing' : action;
    }
    if (loaded.touches.request && !this.#isSendable()) return 'nothing';

    this.#isUntold = true;
    this.#deniedForMs = 0;
    const target = this.#pick.resolve(bereq.wanted);
    if (target === undefined) return 'wait';
    return target instanceof TroupeError ? target : this.#ask(target);
  }

  #ask(target: BackendTarget): Step {
    const { bereq } = this;
    const { environment, loaded } = this.owner;
    this.#target = target;
    bereq.asked = target.name;
    // Hooks of a later step or attempt shall find what they left, so they keep their copy.
    const fields = loaded.touches.backend ? bereq.http.clone() : bereq.http;
    if (!fields.has('Host')) fields.appendLegal('Host', target.declaration.hostHeader);

    const { limits } = target;
    const record = environment.record(target.identity);
    const sent = bereq.sendsBody ? this.#body : undefined;
    const body = sent?.open(record);
    this.#isHead = bereq.method === 'HEAD';
    this.#attempt = new Attempt(target, record, this.#pick.takeLease(), this, environment.clock);
    const request = {
      method: bereq.method,
      path: bereq.url,
      fields,
      body,
      bodyLength: body instanceof Uint8Array ? body.length : sent?.length,
      upgrade: this.#offer === undefined ? undefined : stillOffered(fields, this.#offer),
      preamble: preambleFor(target, this.owner.exchange),
      closes: loaded.touches.backend && saysClose(fields),
      connectTimeoutMs: bereq.connectTimeoutMs ?? limits.connectTimeoutMs,
      firstByteTimeoutMs: bereq.firstByteTimeoutMs ?? limits.firstByteTimeoutMs,
      betweenBytesTimeoutMs: bereq.betweenBytesTimeoutMs ?? limits.betweenBytesTimeoutMs,
    };
    this.#attempt.send(environment.transport, request, bereq.retries > 0);
    return 'wait';
  }

  /** Whether what hooks have left can be sent; if not, the log is told. */
  #isSendable(): boolean {
    const { bereq, owner } = this;
    const mistake = illegalRequestLine(bereq.method, bereq.url) ?? illegalFields(bereq.http);
    if (mistake === undefined) return true;
    const hook = owner.loaded.config.hooks.backendFetch === undefined ? 'recv' : 'backendFetch';
    hookLeft(owner, hook, `left a request that cannot be sent: ${mistake}`);
    return false;
  }

  #judge(head: FetchHead): Step {
    const { owner } = this;
    const { status, fields } = head;
    if (!isFinalStatus(status)) {
      this.#attempt?.abort();
      this.#attempt?.record.countFailure('backend.malformed');
      return nonsense(this.#target, status);
    }
    if (status === 204 && owner.loaded.manners.kind === 'varnish' && announcesBody(fields)) {
      this.#attempt?.abort();
      this.#attempt?.record.countFailure('backend.malformed');
      return bodyOf204(this.#target);
    }
    this.#hasBody = !this.#isHead && status !== 204 && status !== 304;
    this.#length = contentLength(fields);
    this.#isBodyHere = head.isBodyHere === true;
    // RFC 9110 section 6.6.1: a recipient with a clock adds the date that the origin left out.
    if (!fields.has('Date')) fields.appendLegal('Date', dateField(owner.environment.clock.wallNow()));
    const { manners } = owner.loaded;
    manners.receive(fields);
    const now = owner.environment.clock.wallNow();
    if (owner.receive === undefined) {
      const terms = manners.passedTerms(fields, now);
      return this.#respond(new BackendResponseMessage(status, head.reason, fields, terms, now));
    }
    const sentAt = now - (this.#attempt?.waitMs ?? 0);
    const beresp = owner.receive(status, head.reason, fields, sentAt);
    if (beresp instanceof BackendResponseMessage) return this.#respond(beresp);
    this.leave();
    return beresp ?? 'fetch';
  }

  #respond(beresp: BackendResponseMessage): Step {
    const { owner, bereq } = this;
    const { status } = beresp;
    const { backendResponse } = owner.loaded.config.hooks;
    if (backendResponse === undefined) return this.#deliver(beresp);
    const context = new BackendResponseSideContext(this, bereq, beresp);
    const action = runHook(owner, hookRules.backendResponse, backendResponse, context);
    if (action === 'pass') {
      beresp.uncacheable = true;
      beresp.isPass = true;
    }
    const delivers = action === 'deliver' || action === 'pass';
    if (saysClose(beresp.http)) this.#attempt?.closeAfter();
    if (beresp.isGivenUp) this.#attempt?.abort();
    if (beresp.isGivenUp && delivers) {
      this.remember(`rolled back after ${status}: backendResponse`);
      hookLeft(owner, 'backendResponse', 'delivers an answer whose request it has rolled back');
      return { error: 503, reason: 'Backend fetch failed' };
    }
    if (delivers) return this.#deliver(beresp);
    this.leave();
    const word = typeof action === 'string' ? action : 'error';
    this.remember(`${word} after ${status}: backendResponse`);
    if (typeof action !== 'string') return action;
    return action === 'retry' ? this.#retry() : 'nothing';
  }

  #deliver(beresp: BackendResponseMessage): Step {
    const { owner } = this;
    const hasBody = this.#hasBody && this.#length !== 0;
    this.#delivered = beresp;
    this.#filter = hasBody ? filterOf(beresp, this) : undefined;
    owner.loaded.manners.accept(beresp.http, owner.receive !== undefined && !beresp.uncacheable, hasBody);
    if (this.#filter === undefined) {
      this.#isDelivered = true;
      owner.fetched(beresp, this.#hasBody, this.#length, this.#isBodyHere);
    } else {
      this.#filter.begin(this.#length);
    }
    return 'wait';
  }

  /** There is no answer to this attempt. */
  #fail(error: TroupeError): Step {
    const { owner, bereq } = this;
    this.failure = error;
    tellFailure(owner, bereq, this.#target, error);
    return this.#made(503, 'Backend fetch failed', error);
  }

  /**
   * Makes an answer where a backend gave none.
   *
   * @param error undefined: a hook wants it so
   */
  #made(status: number, reason = phraseOf(status), error: TroupeError | undefined): Step {
    const { owner, bereq } = this;
    const { environment, loaded } = owner;
    const code = error?.code ?? 'error';
    const date = dateField(environment.clock.wallNow());
    const fields = loaded.manners.made(date, undefined);
    const beresp = new BackendErrorMessage(status, reason, fields, bereq.xid);

    const { backendError } = loaded.config.hooks;
    if (backendError !== undefined) {
      const context = new BackendErrorSideContext(this, bereq, beresp);
      const action = runHook(owner, hookRules.backendError, backendError, context);
      if (action === 'retry') {
        this.remember(`retry after ${code}: backendError`, error);
        const next = this.#retry();
        if (next === 'fetch') return next;
        this.failure = next;
        tellFailure(owner, bereq, this.#target, next);
        storyOf(owner)?.addLine(next.message);
        return 'nothing';
      }
      this.remember(code, error);
      if (action !== 'deliver') return 'nothing';
    }
    this.remember(code, error);
    loaded.manners.accept(beresp.http, owner.receive !== undefined && !beresp.uncacheable, false);
    beresp.narrow();
    owner.fetchedSynthetic(beresp);
    return 'wait';
  }

  /** Begins again, or says why that cannot be. */
  #retry(): 'fetch' | TroupeError {
    const { bereq, owner } = this;
    const { traffic, limits } = owner.environment;
    const { maxRetries } = limits;
    if (bereq.retries >= maxRetries) return tooManyRetries(maxRetries);
    const refusal = this.#body?.refusal('retry');
    if (refusal !== undefined) return refusal;
    bereq.retries++;
    bereq.number = owner.environment.nextXid();
    traffic.retries++;
    if (this.#attempt !== undefined) this.#attempt.record.retried++;
    const { story } = owner;
    if (story !== undefined) {
      story.retries++;
      story.goOn();
    }
    return 'fetch';
  }
}

function nonsense(target: BackendTarget | undefined, status: number): TroupeError {
  const message = `${target?.identity} answered with the status ${status}; final statuses are from 200 to 999`;
  return new TroupeError('backend.malformed', message, { side: 'backend' });
}

/** Hooks may say it; what others have said of connections is gone. */
function saysClose(fields: Fields): boolean {
  const connection = fields.get('Connection');
  return connection !== undefined && hasToken(connection.toLowerCase(), 'close');
}

function announcesBody(fields: Fields): boolean {
  return fields.has('Transfer-Encoding') || (contentLength(fields) ?? 0) !== 0;
}

function bodyOf204(target: BackendTarget | undefined): TroupeError {
  const message = `${target?.identity} answered with status 204, No Content, and says that a body follows`;
  return new TroupeError('backend.malformed', message, { side: 'backend' });
}

function tooManyRetries(limit: number): TroupeError {
  return new TroupeError(
    'troupe.limit',
    `the request was retried ${limit} times already, which is max_retries`,
    {
      side: 'troupe',
    },
  );
}

function noDuration(value: unknown): TroupeError {
  const message = `deny() was given ${shown(value)}; it takes ${durationHint}`;
  return new TroupeError('troupe.hook-threw', message, { side: 'troupe' });
}
