/**
 * One fetch for all who want the same object: it asks the backend, decides with the hooks whether the answer is kept,
 * and lets everybody read what is. Its life is that of src/actors/cache-fetch.ts.
 *
 * It belongs to the cache, not to the request that caused it: when that one goes, it goes on, unless what it brings
 * is for that one only. It is a request in flight of its config, whose hooks it runs.
 */
import type { CacheFetchAction, CacheFetchOwner } from '../../compact/cache-fetch-table.ts';
import { CacheFetchLife, cacheFetchEvents as events } from '../../compact/cache-fetch-table.ts';
import { TroupeError } from '../../errors.ts';
import type { BannedRequest } from '../cache/ban-conditions.ts';
import type { Ban } from '../cache/ban-list.ts';
import { type CacheEntry, type PendingFetch, UncacheableMarker } from '../cache/cache-entry.ts';
import { type CachePolicy, termsBy } from '../cache/cache-policy.ts';
import { type CacheTerms, HIT_FOR_MISS_MS } from '../cache/cache-terms.ts';
import { ageField } from '../cache/freshness.ts';
import { keepMarker, keepObject } from '../cache/keep.ts';
import { useTime } from '../cache/lru-list.ts';
import { ObjectBody, TEXT_BYTES, textBytes } from '../cache/object-body.ts';
import type { ObjectStore } from '../cache/object-store.ts';
import { confirms, dropConditions } from '../cache/revalidation.ts';
import type { Storage } from '../cache/storage.ts';
import { describeObject, StoredObject } from '../cache/stored-object.ts';
import { variantKey, varyOf } from '../cache/vary.ts';
import type { Exchange } from '../http/exchange.ts';
import { Fields } from '../http/fields.ts';
import { BackendErrorMessage } from './backend-error.ts';
import { BackendResponseMessage, notKept } from './backend-response.ts';
import type { HookOwner } from './contexts.ts';
import type { RequestEnvironment } from './environment.ts';
import { BackendFetch, type FetchClient } from './fetch-steps.ts';
import type { LoadedConfig } from './loaded-config.ts';
import { illegalFields, illegalStatusLine } from './message-check.ts';
import type { BackendMessage, ClientMessage, ResponseMessage } from './messages.ts';
import { SyntheticMessage } from './messages.ts';
import { ObjectReaders } from './object-readers.ts';
import type { ObjectReading } from './object-reading.ts';
import type { ReplayableBody } from './replayable-body.ts';
import type { RequestHash } from './request-hash.ts';
import type { RequestStory } from './request-story.ts';
import type { Running } from './running-requests.ts';

/** Who waits for a fetch that somebody else has begun. */
export interface CacheWaiter {
  /** There is something to read: the object that was fetched, or a stale one where the backend has failed. */
  objectArrived(object: StoredObject, fetch: CacheFetch | undefined): void;
  /** What comes is for somebody else, or was purged. */
  lookAgain(): void;
  fetchedSynthetic(beresp: SyntheticMessage): void;
  fetchFailed(): void;
  readonly req: ClientMessage;
  readonly loaded: LoadedConfig;
}

/** Who has caused a fetch, and gets the answer if it is for one request only. */
export type CacheLeader = CacheWaiter & FetchClient;

export interface CacheFetchOptions {
  /** On whose behalf hooks run, and whose story the tries belong to. */
  readonly owner: HookOwner;
  /** undefined: it refreshes an object in the background. */
  readonly leader: CacheLeader | undefined;
  readonly store: ObjectStore;
  readonly policy: CachePolicy;
  readonly entry: CacheEntry;
  readonly bereq: BackendMessage;
  /** Of the request that caused it, where a hook wants it sent. */
  readonly body: ReplayableBody | undefined;
  /** What is stored already, and may be asked about or be served if there is no answer. */
  readonly stale: StoredObject | undefined;
  /** Whether others may wait for it. */
  readonly isShared: boolean;
}

/** Statuses that stand for a failure of the origin: RFC 5861 section 4. */
const failures = new Set([500, 502, 503, 504]);
const nobody: readonly CacheWaiter[] = [];
const noBans: readonly Ban[] = [];

/** What actions have left to do, in this order. */
const SHARE = 1;
const RELEASE = 2;
const WAKE = 4;

export class CacheFetch implements FetchClient, PendingFetch, CacheFetchOwner, Running {
  readonly environment: RequestEnvironment;
  readonly loaded: LoadedConfig;
  readonly exchange: Exchange;
  readonly req: ClientMessage;
  readonly backend: BackendFetch;
  readonly vary: readonly string[];
  readonly variant: string;
  runningBefore: Running | undefined;
  runningAfter: Running | undefined;
  object: StoredObject | undefined;
  readonly #owner: HookOwner;
  readonly #hash: RequestHash;
  readonly #store: ObjectStore;
  readonly #policy: CachePolicy;
  /** The newest when it began, which it holds for as long as what it brings may be kept. */
  readonly #ban: Ban;
  #holdsBan = false;
  /** Those that its own hooks have issued: as in varnishd, they are about what was fetched before. */
  #ownBans = noBans;
  readonly #entry: CacheEntry;
  readonly #bereq: BackendMessage;
  readonly #request: Fields;
  readonly #stale: StoredObject | undefined;
  readonly isShared: boolean;
  readonly #isLed: boolean;
  readonly #life = new CacheFetchLife(this);
  #leader: CacheLeader | undefined;
  /** The leader gets pieces of the body itself, not from an object. */
  #isDirect = false;
  /** Made when somebody comes: mostly nobody does. */
  #waiting: Set<CacheWaiter> | undefined;
  readonly #readers: ObjectReaders;
  /** The stale object that a 304 has confirmed. */
  #confirmed: StoredObject | undefined;
  #asksWhether: boolean;
  /** It asks for a part, in the coding that its client wants: what comes is not for others, even if it is the whole. */
  readonly #isPart: boolean;
  /** What actions have left to do once the step is made, so that who is told finds a fetch at rest. */
  #due = 0;
  #answer: BackendResponseMessage | undefined;
  #isClosed = false;
  #cancelAlone: (() => void) | undefined;
  #ownStory: RequestStory | undefined;

  constructor(options: CacheFetchOptions) {
    const { owner, leader, store, policy, entry, bereq, body, stale, isShared } = options;
    this.environment = owner.environment;
    this.loaded = owner.loaded;
    this.exchange = owner.exchange;
    this.req = owner.req;
    this.#owner = owner;
    this.#hash = owner.requestHash();
    this.#leader = leader;
    this.#readers = new ObjectReaders(owner.environment.clock);
    this.#store = store;
    this.#policy = policy;
    this.#ban = this.environment.bans.newest;
    this.#isLed = leader !== undefined;
    this.#entry = entry;
    this.#bereq = bereq;
    this.#stale = stale;
    this.isShared = isShared;
    this.vary = entry.vary;
    // Who waits for the answer changes nothing before it is there.
    this.#request = leader === undefined ? new Fields(owner.req.http.raw.slice()) : owner.req.http;
    this.variant = variantKey(entry.vary, this.#request);
    // varnishd asks about objects with status 200 only.
    const isAskable = this.loaded.manners.kind === 'rfc' || stale?.status === 200;
    this.#asksWhether = isAskable && stale?.hasValidator === true;
    const isWhole = isShared || this.#asksWhether;
    if (isWhole) dropConditions(bereq.http);
    this.#isPart = !isWhole && bereq.http.has('Range');
    if (!this.#isPart && bereq.http.get('Accept-Encoding') !== 'gzip') {
      bereq.http.unset('Accept-Encoding');
      bereq.http.appendLegal('Accept-Encoding', 'gzip');
    }
    if (stale !== undefined && this.#asksWhether)
      this.loaded.manners.addConditions(bereq.http, stale.fields());
    this.backend = new BackendFetch(this, bereq, body);
  }

  get story(): RequestStory | undefined {
    return this.#isLed ? this.#owner.story : this.#ownStory;
  }

  set story(story: RequestStory | undefined) {
    if (this.#isLed) this.#owner.story = story;
    else this.#ownStory = story;
  }

  get isDeserted(): boolean {
    return this.#leader === undefined && this.#readers.isEmpty;
  }

  begin(): void {
    this.loaded.running.add(this);
    this.#entry.addFetch(this);
    this.#ban.holders++;
    this.#holdsBan = true;
    this.backend.begin();
  }

  requestHash(): RequestHash {
    return this.#hash;
  }

  get ban(): Ban {
    return this.object?.ban ?? this.#ban;
  }

  isBannedFor(request: BannedRequest): boolean {
    const { ban } = this;
    const { bans } = this.environment;
    return ban !== bans.newest && bans.meets(ban, this.object, request, this.#ownBans);
  }

  issueBan(words: readonly string[]): string | undefined {
    const { environment } = this;
    const mistake = environment.issueBan(words);
    if (mistake === undefined) this.#ownBans = [...this.#ownBans, environment.bans.newest];
    return mistake;
  }

  /** Waits for the answer, or begins to read what has come. */
  join(waiter: CacheWaiter): void {
    const { object } = this;
    if (object !== undefined) {
      waiter.objectArrived(object, this);
      return;
    }
    this.#cancelAlone?.();
    this.#waiting ??= new Set();
    this.#waiting.add(waiter);
  }

  /** Reads on as pieces come. */
  follow(reading: ObjectReading): void {
    if (this.#life.isOver) return;
    this.#readers.add(reading);
  }

  /** A reading has got further, or is over. */
  progressed(reading: ObjectReading): void {
    if (reading.isOver) this.#readers.remove(reading);
    if (this.#life.state === 'passing') this.#readOn();
  }

  /** The client of a waiter, or of the leader, has gone. */
  leave(waiter: CacheWaiter, reading: ObjectReading | undefined): void {
    this.#waiting?.delete(waiter);
    if (reading !== undefined) this.#readers.remove(reading);
    if (this.#leader === waiter) this.#leader = undefined;
    if (!this.isDeserted) {
      if (this.#life.state === 'passing') this.#readOn();
      return;
    }
    this.#send(events.deserted);
    if (this.#life.state === 'asking' && (this.#waiting?.size ?? 0) === 0) this.#waitAlone();
  }

  /** What may be kept is worth waiting for, even by nobody; but a backend that never answers would have many of these. */
  #waitAlone(): void {
    const { clock, limits } = this.environment;
    const ms = this.isShared ? limits.abandonedFetchTimeoutMs : 0;
    this.#cancelAlone?.();
    if (ms === 0) this.#send(events.abandoned);
    else this.#cancelAlone = clock.after(ms, () => this.#send(events.abandoned));
  }

  purge(): void {
    this.#send(events.purge);
  }

  /** Its config is discarded. */
  cut(): void {
    this.backend.abort();
    this.#send(events.broke);
    this.#close();
    // Requests of this config are cut, too; those of others have only waited here.
    for (const waiter of this.#takeWaiting()) if (waiter.loaded !== this.loaded) waiter.lookAgain();
  }

  // The backend side tells how the fetch goes.

  receive(
    status: number,
    reason: string,
    fields: Fields,
    sentAt: number,
  ): BackendResponseMessage | TroupeError | undefined {
    const now = this.environment.clock.wallNow();
    const stale = this.#stale;
    let answer = { status, reason, fields };
    const isVarnish = this.loaded.manners.kind === 'varnish';
    if (isVarnish && ((status === 304 && !this.#asksWhether) || fields.has('Content-Range'))) {
      const what = status === 304 ? '304, Not Modified' : `${status}, with a part`;
      const message = `${this.#bereq.asked} answered ${what}, which was not asked for`;
      return new TroupeError('backend.malformed', message, { side: 'backend' });
    }
    // varnishd reads the terms from what it was sent.
    const told = isVarnish ? answer : undefined;
    if (status === 304 && this.#asksWhether && stale !== undefined) {
      const before = stale.fields();
      // What was purged or banned meanwhile is not served, whatever its origin said of it before.
      // varnishd takes a 304 for a confirmation whatever tag it has.
      const isMeant = isVarnish || confirms(fields, before);
      if (this.#life.state === 'doomed' || this.#isBanned(stale) || !isMeant) {
        this.#asksWhether = false;
        dropConditions(this.#bereq.http);
        return undefined;
      }
      this.#confirmed = stale;
      answer = {
        status: stale.status,
        reason: stale.reason,
        fields: this.loaded.manners.freshened(before, fields),
      };
      if (fields.has('Age')) answer.fields.appendLegal('Age', String(ageField(fields)));
    }
    const terms = termsBy(
      this.#policy,
      {
        method: this.#bereq.method,
        isAuthorized: this.#bereq.http.has('Authorization'),
        status: told?.status ?? answer.status,
        fields: told?.fields ?? answer.fields,
        sentAt,
        receivedAt: now,
      },
      this.loaded.config.hooks.backendResponse !== undefined,
    );
    const beresp = new BackendResponseMessage(answer.status, answer.reason, answer.fields, terms, now);
    beresp.was304 = this.#confirmed !== undefined;
    return beresp;
  }

  fetched(beresp: ResponseMessage, hasBody: boolean, length: number | undefined, isBodyHere: boolean): void {
    const answer = beresp as BackendResponseMessage;
    const stale = this.#staleFor(answer.status);
    if (stale !== undefined) {
      this.backend.leave();
      this.#failTo((waiter) => waiter.objectArrived(stale, undefined));
      return;
    }
    this.#answer = answer;
    const confirmed = this.#confirmed;
    const object = this.#admit(answer, confirmed === undefined ? length : confirmed.body.size);
    if (object === undefined) {
      this.#send(events.notKept);
      this.#passOn(hasBody, length, isBodyHere);
      return;
    }
    this.#life.send(events.kept);
    if (this.#life.state !== 'storing') {
      object.storage.release(object.bytes);
      this.#act();
      this.#passOn(hasBody, length, isBodyHere);
      return;
    }
    this.object = object;
    if (hasBody && length !== 0) {
      // What is there in a moment is given away whole, which is less work for everybody than to follow it.
      if (!isBodyHere) this.#act();
      if (!isBodyHere || !this.#takeWhole(object, length)) return;
    } else if (confirmed === undefined) {
      this.#complete(object);
    }
    this.#send(events.ended);
  }

  fetchedSynthetic(beresp: SyntheticMessage): void {
    const stale = this.#staleFor(undefined);
    if (stale !== undefined) {
      this.#failTo((waiter) => waiter.objectArrived(stale, undefined));
      return;
    }
    if (beresp instanceof BackendErrorMessage && beresp.ttl > 0 && !beresp.uncacheable) {
      this.#fetchedMade(beresp);
      return;
    }
    const leader = this.#leader;
    this.#failTo((waiter) =>
      waiter.fetchedSynthetic(waiter === leader ? beresp : copyFor(waiter.req, beresp)),
    );
  }

  /** A hook wants to keep what was made for want of an answer. */
  #fetchedMade(beresp: BackendErrorMessage): void {
    const { status, reason, http, ttl, grace, keep, body } = beresp;
    const now = this.environment.clock.wallNow();
    const terms = { ...notKept, origin: now, ttl, grace, keep, refusal: undefined };
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const answer = new BackendResponseMessage(status, reason, http, terms, now);
    answer.storage = beresp.storage;
    this.fetched(answer, bytes.length > 0, bytes.length, true);
    if (bytes.length === 0) return;
    this.pieceFetched(bytes);
    this.bodyFetched(undefined);
  }

  fetchFailed(): void {
    this.#failTo((waiter) => waiter.fetchFailed());
  }

  pieceFetched(chunk: Uint8Array): boolean {
    if (this.#isDirect) return this.#leader?.pieceFetched(chunk) ?? true;
    const { object } = this;
    if (object === undefined) return true;
    if (this.#life.state === 'storing') {
      const bytes = object.body.cost(chunk);
      if (this.#reserve(object.storage, bytes)) object.bytes += bytes;
      else this.#send(events.outgrown);
    }
    if (this.#life.isOver) return true;
    object.body.add(chunk);
    this.#readers.wake();
    return this.#life.state !== 'passing' || this.#readers.mayGoOn(object.body);
  }

  /** Those who read have got further. */
  #readOn(): void {
    if (this.object !== undefined && this.#readers.goesOn(this.object.body)) this.backend.resume();
  }

  bodyFetched(trailers: Fields | undefined): void {
    if (this.#isDirect) {
      this.#leader?.bodyFetched(trailers);
      this.#send(events.ended);
      return;
    }
    const { object } = this;
    if (object === undefined || this.#life.isOver) return;
    if (this.#life.state === 'storing') this.#complete(object);
    else object.body.state = 'whole';
    this.#send(events.ended);
  }

  bodyBroke(): void {
    if (this.#isDirect) this.#leader?.bodyBroke();
    this.#send(events.broke);
  }

  // What the steps of its life are made of.

  act(action: CacheFetchAction): void {
    switch (action) {
      case 'share':
        this.#due |= SHARE;
        break;
      case 'release':
        this.#due |= RELEASE;
        break;
      case 'remember':
        this.#remember();
        break;
      case 'keep':
        if (this.object !== undefined) keepObject(this.#store, this.object);
        break;
      case 'discard':
        this.#discard();
        break;
      case 'stop':
        // The rest of a small answer is read, so that the connection lives on.
        if (this.#answer === undefined || this.object !== undefined) this.backend.abort();
        else this.backend.leave();
        break;
      case 'fail':
      case 'finish':
        this.#due |= WAKE;
        break;
      default:
        action satisfies never;
    }
  }

  #send(event: number): void {
    if (event === events.broke && this.object !== undefined && this.object.body.state === 'filling') {
      this.object.body.state = 'broken';
    }
    this.#life.send(event);
    this.#act();
  }

  #act(): void {
    const { state } = this.#life;
    if (this.#life.isOver || state === 'passing' || state === 'doomed') this.#hide();
    while (this.#due !== 0) {
      const due = this.#due & -this.#due;
      this.#due &= ~due;
      if (due === SHARE) this.#share();
      else if (due === RELEASE) this.#release();
      else this.#readers.wake();
    }
    if (this.#life.isOver) this.#close();
  }

  /** Nobody finds it any more. */
  #hide(): void {
    this.#entry.leave(this);
    this.#store.close(this.#entry);
    if (this.#holdsBan) this.#ban.holders--;
    this.#holdsBan = false;
  }

  #close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#cancelAlone?.();
    this.#readers.stop();
    this.#hide();
    if (this.object !== undefined) this.#store.rest(this.object);
    const { running } = this.loaded;
    running.remove(this);
    if (running.size === 0) this.loaded.onIdle?.();
  }

  /** @returns undefined: it is not kept */
  #admit(answer: BackendResponseMessage, length: number | undefined): StoredObject | undefined {
    const { terms, http, reason } = answer;
    // Digits before the last three were for hooks.
    const status = answer.status % 1_000;
    const vary = varyOf(http);
    if (terms.refusal !== undefined || vary === 'all' || this.#isPart || this.#isForNow(terms))
      return undefined;
    if (
      this.loaded.touches.backend &&
      (illegalStatusLine(status, reason) ?? illegalFields(http)) !== undefined
    ) {
      return undefined;
    }
    const storage = this.#store.storageFor(answer.storage);
    if (length !== undefined && length > storage.capacity) return undefined;
    const fields = this.loaded.manners.stored(http);
    const names = this.#entry.varyList(vary);
    const variant = variantKey(names, this.#chosenBy());
    const now = answer.receivedAt;
    const body = this.#confirmed?.body ?? new ObjectBody(length);
    const state = describeObject({ status, reason, fields }, terms, names, variant, now);
    const object = new StoredObject(this.#entry, storage, state, body, this.#ban, useTime(now));
    object.ban = this.#testedUpTo(object);
    object.fetchedBy = this.#bereq.number;
    object.length = length;
    if (this.#confirmed?.body.state === 'whole') this.#removeStale();
    return this.#reserve(storage, object.bytes) ? object : undefined;
  }

  /** Takes a small body that is here already. False: it comes in pieces. */
  #takeWhole(object: StoredObject, length: number | undefined): boolean {
    const { body, storage } = object;
    // Place first: what was taken could not be given back.
    if (length === undefined || length > TEXT_BYTES || !this.#reserve(storage, textBytes(length)))
      return false;
    const text = this.backend.takeText(length);
    if (text === undefined) {
      storage.release(textBytes(length));
      return false;
    }
    body.become(text);
    object.bytes += body.bytes;
    object.length = length;
    return true;
  }

  #reserve(storage: Storage, bytes: number): boolean {
    return this.#store.reserve(storage, bytes, this.environment.limits.mostEvictions);
  }

  /** The fields that the origin chose by: varnishd takes those that it was sent, whatever the client sent. */
  #chosenBy(): Fields {
    return this.loaded.manners.kind === 'varnish' ? this.#bereq.http : this.#request;
  }

  #complete(object: StoredObject): void {
    const { body } = object;
    const before = body.bytes;
    body.complete();
    object.length = body.size;
    object.bytes -= before - body.bytes;
    object.storage.release(before - body.bytes);
  }

  #share(): void {
    const { object } = this;
    if (object === undefined) return;
    const waiting = this.#takeWaiting();
    const { clock } = this.environment;
    if (object.isAlwaysAsked && this.loaded.manners.kind === 'rfc')
      this.#mark(clock.wallNow() + HIT_FOR_MISS_MS, false);
    this.#leader?.objectArrived(object, this);
    if (waiting === nobody) return;
    const now = clock.wallNow();
    const stage = object.life.stage(now);
    const isFresh = stage === 'fresh' || stage === 'graced';
    for (const waiter of waiting) {
      const isMeant = isFresh && variantKey(object.vary, waiter.req.http) === object.variant;
      // A hook of one before may have purged it.
      const isThere = object.isStored || this.#life.state === 'storing';
      const isBanned = isThere && this.isBannedFor(waiter.req);
      if (isBanned) this.#takeOut(object);
      if (isMeant && isThere && !isBanned) waiter.objectArrived(object, this);
      else waiter.lookAgain();
    }
  }

  /** Whether a ban that has come since it began takes out what was there before. */
  #isBanned(stale: StoredObject): boolean {
    const { bans } = this.environment;
    return this.#ban !== bans.newest && bans.meets(this.#ban, stale, this.req);
  }

  /** What it brings stands behind its own bans, if none of others that came meanwhile takes it out. */
  #testedUpTo(object: StoredObject | undefined): Ban {
    const { bans } = this.environment;
    if (this.#ownBans.length === 0 || bans.meets(this.#ban, object, this.req, this.#ownBans))
      return this.#ban;
    return bans.newest;
  }

  #takeOut(object: StoredObject): void {
    if (object.isStored) this.#store.remove(object);
    else this.purge();
  }

  #release(): void {
    for (const waiter of this.#takeWaiting()) waiter.lookAgain();
  }

  /** Nobody waits any more. */
  #takeWaiting(): Iterable<CacheWaiter> {
    const waiting = this.#waiting ?? nobody;
    this.#waiting = undefined;
    return waiting;
  }

  #passOn(hasBody: boolean, length: number | undefined, isBodyHere: boolean): void {
    const answer = this.#answer;
    const leader = this.#leader;
    if (this.#life.isOver || answer === undefined || leader === undefined) return;
    this.#isDirect = true;
    const confirmed = this.#confirmed;
    if (confirmed === undefined) leader.fetched(answer, hasBody, length, isBodyHere);
    else leader.objectArrived(this.#renewed(answer, confirmed), undefined);
  }

  /** What was stored with what a 304 says of it, for whoever has asked, and not to be kept. */
  #renewed(answer: BackendResponseMessage, { body, storage, vary, variant }: StoredObject): StoredObject {
    const { status, reason, http, terms } = answer;
    const head = { status: status % 1_000, reason, fields: this.loaded.manners.stored(http) };
    const now = this.environment.clock.wallNow();
    const state = describeObject(head, terms, vary, variant, now);
    const object = new StoredObject(this.#entry, storage, state, body, this.#ban, useTime(now));
    object.length = body.size;
    return object;
  }

  /** Tells all who wait that there is no answer, or what stands in for it. */
  #failTo(tell: (waiter: CacheWaiter) => void): void {
    const leader = this.#leader;
    const waiting = this.#takeWaiting();
    this.#send(events.broke);
    if (leader !== undefined) tell(leader);
    for (const waiter of waiting) tell(waiter);
  }

  #remember(): void {
    const { terms, isPass } = this.#answer ?? { terms: undefined, isPass: false };
    // What was asked for in part, or without a body, says nothing about the whole.
    if (terms === undefined || this.#isForNow(terms) || (!this.isShared && !isPass && isOfRequest(terms)))
      return;
    const ttl = terms.refusal === 'hook' && terms.ttl > 0 ? terms.ttl : HIT_FOR_MISS_MS;
    this.#removeStale();
    this.#mark(this.environment.clock.wallNow() + ttl, isPass);
  }

  /** varnishd's lookup steps over what was never fresh, whatever its grace, and goes by what was there before. */
  #isForNow({ refusal, ttl }: CacheTerms): boolean {
    return refusal === undefined && ttl <= 0 && this.loaded.manners.kind === 'varnish';
  }

  #mark(until: number, isPass: boolean): void {
    const { next: storage } = this.#store;
    const marker = new UncacheableMarker(this.#entry, storage, until, isPass, this.#testedUpTo(undefined));
    const { limits, clock } = this.environment;
    keepMarker(this.#store, marker, limits.mostEvictions, clock.wallNow());
  }

  #discard(): void {
    this.object?.storage.release(this.object.bytes);
  }

  #removeStale(): void {
    const stale = this.#stale;
    if (stale !== undefined && this.#entry.objects.includes(stale)) this.#store.remove(stale);
  }

  /** @param status of an answer; undefined: there is none */
  #staleFor(status: number | undefined): StoredObject | undefined {
    const stale = this.#stale;
    if (stale === undefined || (status !== undefined && !failures.has(status))) return undefined;
    // It may have been purged or banned meanwhile.
    if (!this.#entry.objects.includes(stale) || this.#isBanned(stale)) return undefined;
    const now = this.environment.clock.wallNow();
    const { life, staleIfErrorMs, mayOutlive } = stale;
    if (now < life.freshUntil + staleIfErrorMs) return stale;
    // What is fetched in the background must not take away what may be served (varnishd lets it).
    if (!this.#isLed && this.#policy.rules === 'rfc9111' && now < life.graceUntil) return stale;
    return status === undefined && mayOutlive && life.stage(now) !== 'expired' ? stale : undefined;
  }
}

function isOfRequest({ refusal }: CacheTerms): boolean {
  return refusal === 'method' || refusal === 'partial' || refusal === 'status' || refusal === 'authorization';
}

function copyFor(req: ClientMessage, beresp: SyntheticMessage): SyntheticMessage {
  const copy = new SyntheticMessage(beresp.status, beresp.reason, beresp.http.clone(), req.xid);
  if (!beresp.hasPage) copy.body = beresp.body;
  return copy;
}
