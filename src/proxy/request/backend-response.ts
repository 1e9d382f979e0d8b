/**
 * `beresp`: an answer with the terms on which it may be kept, as a hook reads and changes them.
 */
import type { BackendResponse } from '../../config/hooks.ts';
import { durationHint, parseDuration } from '../../duration.ts';
import type { CacheTerms, Refusal } from '../cache/cache-terms.ts';
import type { Fields } from '../http/fields.ts';
import { shown } from './message-check.ts';
import { ResponseMessage } from './messages.ts';

/** Those that no hook can overrule: what was answered is not the whole of anything, or cannot be chosen again. */
const beyondHooks: ReadonlySet<Refusal> = new Set(['method', 'partial', 'vary-all']);
/** Those that only say that nobody has told for how long. */
const wantsTtl: ReadonlySet<Refusal> = new Set(['no-freshness', 'expired', 'status']);

/** Terms of an answer that is for one request only. */
export const notKept: CacheTerms = Object.freeze({
  origin: 0,
  ttl: 0,
  grace: 0,
  keep: 0,
  staleIfError: 0,
  mayOutlive: false,
  refusal: 'method',
});

export class BackendResponseMessage extends ResponseMessage implements BackendResponse {
  /** As they are after the hook. */
  terms: CacheTerms;
  /** Whether the client gets it while it comes. */
  doStream = true;
  /** Whether its body is packed, or unpacked, before anybody gets it. */
  doGzip = false;
  doGunzip = false;
  /** Whether it is a stored object that a 304 has confirmed. */
  was304 = false;
  /** Whether requests that follow shall not look into the cache for a while (hit-for-pass). */
  isPass = false;
  /** The storage that a hook wants it in; undefined: the next one in turn. VCL: `beresp.storage`. */
  storage: string | undefined;
  /** Whether the hook has let go of the connection: there is nothing to deliver. */
  isGivenUp = false;
  /** Milliseconds since 1970. */
  readonly receivedAt: number;

  constructor(status: number, reason: string, http: Fields, terms: CacheTerms, receivedAt: number) {
    super(status, reason, http);
    this.terms = terms;
    this.receivedAt = receivedAt;
  }

  get age(): number {
    return this.terms.origin === 0 ? 0 : this.receivedAt - this.terms.origin;
  }

  get ttl(): number {
    return this.terms.ttl - this.age;
  }

  set ttl(duration: number | string) {
    const ttl = milliseconds('ttl', duration) + this.age;
    const { refusal } = this.terms;
    const isLifted = ttl > this.age && refusal !== undefined && wantsTtl.has(refusal);
    this.terms = { ...this.terms, ttl, refusal: isLifted ? undefined : refusal };
  }

  get grace(): number {
    return this.terms.grace;
  }

  set grace(duration: number | string) {
    this.terms = { ...this.terms, grace: milliseconds('grace', duration) };
  }

  get keep(): number {
    return this.terms.keep;
  }

  set keep(duration: number | string) {
    this.terms = { ...this.terms, keep: milliseconds('keep', duration) };
  }

  get uncacheable(): boolean {
    return this.terms.refusal !== undefined;
  }

  set uncacheable(is: boolean) {
    const { refusal } = this.terms;
    if (is) this.terms = { ...this.terms, refusal: refusal ?? 'hook' };
    else if (refusal !== undefined && !beyondHooks.has(refusal)) {
      this.terms = { ...this.terms, refusal: undefined };
    }
  }
}

function milliseconds(name: string, duration: number | string): number {
  if (typeof duration === 'number' && duration < 0) return duration;
  const ms = parseDuration(duration);
  if (ms === undefined)
    throw new TypeError(`beresp.${name} was given ${shown(duration)}; it takes ${durationHint}`);
  return ms;
}
