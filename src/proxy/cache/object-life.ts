/**
 * How long a stored answer lives: the record form of src/actors/cache-object.ts. Nobody waits for a deadline; it is
 * compared when somebody asks.
 *
 * Cost: three numbers an object, up to three comparisons a look.
 */
import type { CacheTerms } from './cache-terms.ts';

export type Stage = 'fresh' | 'graced' | 'kept' | 'expired';

/** Milliseconds since 1970. */
export interface LifeEnds {
  readonly freshUntil: number;
  readonly graceUntil: number;
  readonly keepUntil: number;
}

export function endsOf({
  origin,
  ttl,
  grace,
  keep,
}: Pick<CacheTerms, 'origin' | 'ttl' | 'grace' | 'keep'>): LifeEnds {
  const freshUntil = origin + ttl;
  const graceUntil = freshUntil + Math.max(0, grace);
  return { freshUntil, graceUntil, keepUntil: graceUntil + Math.max(0, keep) };
}

export class ObjectLife implements LifeEnds {
  freshUntil: number;
  graceUntil: number;
  keepUntil: number;

  constructor({ freshUntil, graceUntil, keepUntil }: LifeEnds) {
    this.freshUntil = freshUntil;
    this.graceUntil = graceUntil;
    this.keepUntil = keepUntil;
  }

  /**
   * Purged softly: its grace and its keep begin now. What is stale already stays so. Nothing gets longer.
   *
   * @param ttl milliseconds from now on
   */
  expire(
    now: number,
    ttl = 0,
    mostGrace = Number.POSITIVE_INFINITY,
    mostKeep = Number.POSITIVE_INFINITY,
  ): void {
    const grace = Math.min(this.graceUntil - this.freshUntil, mostGrace);
    const keep = Math.min(this.keepUntil - this.graceUntil, mostKeep);
    this.freshUntil = Math.min(this.freshUntil, now + ttl);
    this.graceUntil = this.freshUntil + grace;
    this.keepUntil = this.graceUntil + keep;
  }

  stage(now: number): Stage {
    if (now < this.freshUntil) return 'fresh';
    if (now < this.graceUntil) return 'graced';
    return now < this.keepUntil ? 'kept' : 'expired';
  }
}
