/** What a request takes out of the cache: because a hook says so, or because of what it has changed at the origin. */
import type { PurgeOptions } from '../../config/hooks.ts';
import { alsoInvalid, invalidates } from '../cache/invalidation.ts';
import { purgeEntry } from '../cache/purge.ts';
import type { LookingRequest } from './cache-lookup.ts';
import type { ResponseMessage } from './messages.ts';
import { RequestHash } from './request-hash.ts';

/**
 * Purges what is stored under the request's hash.
 *
 * @returns how many objects that were
 */
export function purgeFound(owner: LookingRequest, options?: PurgeOptions): number {
  return purge(owner, owner.requestHash(), options);
}

/** What was asked for may have changed what is stored: RFC 9111 section 4.4. */
export function invalidateStored(owner: LookingRequest, beresp: ResponseMessage): void {
  const { loaded, req } = owner;
  if (loaded.policy?.rules !== 'rfc9111' || !invalidates(req.method, beresp.status)) return;
  purgeFound(owner);
  const host = req.http.get('Host');
  for (const url of alsoInvalid(req.url, host, beresp.http)) {
    purge(owner, new RequestHash([url, host?.toLowerCase() ?? '']));
  }
}

function purge({ environment }: LookingRequest, hash: RequestHash, options?: PurgeOptions): number {
  const { store, clock } = environment;
  const entry = store?.find(hash.key());
  if (store === undefined || entry === undefined) return 0;
  return purgeEntry(store, entry, options, clock.wallNow());
}
