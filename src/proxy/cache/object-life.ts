/**
 * How long a stored answer lives: the record form of src/actors/cache-object.ts. Nobody waits for a deadline; it is
 * compared when somebody asks.
 *
 * Cost: three numbers an object, up to three comparisons a look.
 */
import type { CacheTerms } from './cache-terms.ts';

export type Stage = 'fresh' | 'graced' | 'kept' | 'expired';

/** Milliseconds since 1970. */
export class ObjectLife {
  freshUntil = 0;
  graceUntil = 0;
  keepUntil = 0;

  begin({ origin, ttl, grace, keep }: Pick<CacheTerms, 'origin' | 'ttl' | 'grace' | 'keep'>): void {
    this.freshUntil = origin + ttl;
    this.graceUntil = this.freshUntil + Math.max(0, grace);
    this.keepUntil = this.graceUntil + Math.max(0, keep);
  }

  /** Purged softly: its grace and its keep begin now. What is stale already stays as it is. */
  expire(now: number): void {
    const sooner = this.freshUntil - now;
    if (sooner <= 0) return;
    this.freshUntil = now;
    this.graceUntil -= sooner;
    this.keepUntil -= sooner;
  }

  stage(now: number): Stage {
    if (now < this.freshUntil) return 'fresh';
    if (now < this.graceUntil) return 'graced';
    return now < this.keepUntil ? 'kept' : 'expired';
  }
}
