/**
 * Panic: with too few healthy members, health is ignored, because those that are left would break down next, and
 * because it may be the probes that are wrong. A member in panic is as good as one of the others unless somebody
 * has taken it away on purpose: an operator (sick, drain), or saintmode.
 */
import type { Member, PickRequest } from './policy.ts';
import type { BackendTarget, Target } from './target.ts';

/** What a target says about itself when health is ignored. */
export interface AvailableTarget extends Target {
  /** Whether nobody has taken it away on purpose. Each healthy target is available. */
  readonly available: boolean;
  /** As `accepts`, health ignored. */
  offers(request: PickRequest): boolean;
  /** As `resolve`, health ignored; undefined if and only if it does not offer itself. */
  resolveAnyway(request: PickRequest): BackendTarget | undefined;
}

/** A member as policies see it in panic. */
export function inPanic(member: Member & { readonly target: AvailableTarget }): Member {
  return { ...member, target: new AnywayTarget(member.target) };
}

class AnywayTarget implements Target {
  readonly name: string;
  readonly healthy: boolean;
  readonly changedAt: number;
  readonly #target: AvailableTarget;

  constructor(target: AvailableTarget) {
    this.name = target.name;
    this.healthy = target.available;
    this.changedAt = target.changedAt;
    this.#target = target;
  }

  accepts(request: PickRequest): boolean {
    return this.#target.offers(request);
  }

  resolve(request: PickRequest): BackendTarget | undefined {
    return this.#target.resolveAnyway(request);
  }

  heeded(): Iterable<string> {
    return this.#target.heeded();
  }
}
