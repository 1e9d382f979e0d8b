/**
 * What the cache has for a request: an object, somebody else's fetch to wait for, or a note that there is nothing to
 * wait for. vcl-step(7): from hash to hit, miss, pass or wait.
 */
import type { CacheEntry, PendingFetch } from '../cache/cache-entry.ts';
import type { ObjectStore } from '../cache/object-store.ts';
import type { StoredObject } from '../cache/stored-object.ts';
import type { RequestEnvironment } from './environment.ts';
import type { LoadedConfig } from './loaded-config.ts';
import type { ClientMessage } from './messages.ts';
import type { RequestHash } from './request-hash.ts';

/** The request that looks. */
export interface LookingRequest {
  readonly environment: RequestEnvironment;
  readonly loaded: LoadedConfig;
  readonly req: ClientMessage;
  requestHash(): RequestHash;
}

export class CacheLookup {
  /** Fresh or not. */
  object: StoredObject | undefined;
  /** Of somebody else, that may bring what the request wants. */
  pending: PendingFetch | undefined;
  /** Nobody shall wait for what this request fetches (hit-for-miss). */
  isAlone = false;
  /** What is found is stale, and nobody fetches it yet. */
  isDue = false;
  /** There was nothing at all under the request's hash. */
  isAbsent = false;

  /** @returns `wait`: for `pending` */
  look(owner: LookingRequest, store: ObjectStore): 'hit' | 'miss' | 'pass' | 'wait' {
    const { loaded, req } = owner;
    this.object = undefined;
    this.pending = undefined;
    this.isAlone = false;
    this.isDue = false;
    this.isAbsent = false;
    req.isHitMiss = false;
    req.isHitPass = false;
    if (req.missesAlways) return 'miss';
    const entry = store.find(owner.requestHash().key());
    if (entry === undefined) {
      this.isAbsent = true;
      this.isAlone = isPersonal(owner);
      return 'miss';
    }
    const now = owner.environment.clock.wallNow();
    const { mostTtl, mostGrace } = req;
    const found = objectIn(owner, entry, store);
    const object = isOlderThan(found, mostTtl, now) ? undefined : found;
    this.object = object;
    if (object !== undefined) {
      const stage = object.life.stage(now);
      if (stage === 'fresh') return 'hit';
      if (stage === 'graced' && (mostGrace === undefined || now < object.life.freshUntil + mostGrace)) {
        this.isDue = pendingIn(owner, entry, store, now) === undefined;
        return 'hit';
      }
    }
    const mark = markIn(owner, entry, store, now);
    if (mark === 'pass') {
      req.isHitPass = true;
      return 'pass';
    }
    req.isHitMiss = mark === 'miss';
    if (req.ignoresBusy) return 'miss';
    const isRfc = loaded.manners.kind === 'rfc';
    this.isAlone = mark === 'miss' || (isRfc && (object?.isAlwaysAsked === true || isPersonal(owner)));
    const pending = pendingIn(owner, entry, store, now);
    if (pending === undefined || (this.isAlone && pending.object === undefined)) return 'miss';
    this.pending = pending;
    return 'wait';
  }
}

/** What is stored for the request, or was until a ban that it has not been tested against took it out. */
function objectIn(
  { environment, req }: LookingRequest,
  entry: CacheEntry,
  store: ObjectStore,
): StoredObject | undefined {
  const { bans } = environment;
  for (;;) {
    const found = req.ignoresVary ? entry.objects.at(-1) : entry.match(req.http);
    if (found === undefined || found.ban === bans.newest || !bans.takes(found, true, found, req))
      return found;
    store.remove(found);
    bans.cutTail();
  }
}

/** The same of what is on its way. Who has waited for that looks again at once, and may have left another entry. */
function pendingIn(
  { req }: LookingRequest,
  found: CacheEntry,
  store: ObjectStore,
  now: number,
): PendingFetch | undefined {
  let entry: CacheEntry | undefined = found;
  for (;;) {
    const pending = entry?.pending(req.http, now);
    if (pending === undefined || !pending.isBannedFor(req)) return pending;
    pending.purge();
    entry = store.find(found.key);
  }
}

/** What is noted about answers that were not to be kept. */
function markIn(
  { environment, req }: LookingRequest,
  { marker }: CacheEntry,
  store: ObjectStore,
  now: number,
): 'miss' | 'pass' | undefined {
  if (marker === undefined || now >= marker.until) return undefined;
  const { bans } = environment;
  if (marker.ban !== bans.newest && bans.takes(marker, true, undefined, req)) {
    store.remove(marker);
    return undefined;
  }
  return marker.isPass ? 'pass' : 'miss';
}

/** Whether what comes is most probably for this client only: RFC 9111 section 3.5. */
function isPersonal({ loaded, req }: LookingRequest): boolean {
  return loaded.policy?.rules === 'rfc9111' && req.http.has('Authorization');
}

/** Whether an object is fresh, but longer than this request wants it to be: then it is not there for the request. */
function isOlderThan(object: StoredObject | undefined, mostTtl: number | undefined, now: number): boolean {
  if (object === undefined || mostTtl === undefined) return false;
  return object.life.stage(now) === 'fresh' && now > object.origin + mostTtl;
}
