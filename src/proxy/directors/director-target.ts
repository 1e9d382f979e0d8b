/**
 * A director as the target of requests: its members, their health rolled up, and the policy that picks one.
 * It is healthy if it could pick a member; under a policy that shares by weight, members of weight 0 are no
 * help. Cost of a member's health change: O(1), and O(members) once, at the first pick after any number of
 * them: a delta that changes a thousand backends must not build a thousand tables.
 *
 * A director in panic can pick without being healthy: whoever contains it has better choices first.
 */
import type { DirectorDeclaration } from '../../config/declaration.ts';
import type { Load } from './load.ts';
import { inPanic } from './panic.ts';
import type { Member, PickRequest, Policy } from './policy.ts';
import { Refusals } from './refusals.ts';
import type { Rule } from './rule.ts';
import { slowlyStarted } from './slow-start.ts';
import type { BackendTarget, Target } from './target.ts';
import { type Container, TargetNode } from './target-node.ts';

export interface NodeMember extends Member {
  readonly target: TargetNode;
}

/** Counts searches, so that one search looks into a director once, however many ways lead there. */
let searches = 0;

export class DirectorNode extends TargetNode implements Container {
  readonly declaration: DirectorDeclaration;
  readonly members: NodeMember[] = [];
  readonly #rule: Rule;
  readonly #now: () => number;
  /** Built for the members as they are; undefined after a change. */
  #policy: Policy | undefined;
  /** Whether that one ignores health. */
  #ignoresHealth = false;
  /** When it has to be built anew though nothing has changed; milliseconds of the clock. */
  #until = Number.POSITIVE_INFINITY;
  readonly #refusals = new Refusals(this.members);
  /** For each member target, how many of its entries can be picked while it is healthy. */
  readonly #shares = new Map<TargetNode, number>();
  /** Sum of the shares of healthy members. */
  #healthyShares = 0;
  #availableShares = 0;
  #lastSearch = 0;

  /** @param now milliseconds of the data plane's clock */
  constructor(declaration: DirectorDeclaration, rule: Rule, now: () => number) {
    super(declaration.name);
    this.declaration = declaration;
    this.#rule = rule;
    this.#now = now;
  }

  add(target: TargetNode, weight: number): void {
    this.append({ target, weight, load: this.#rule.newLoad?.() });
  }

  /** Removes the first entry of a target; nothing if there is none. */
  remove(target: TargetNode): void {
    const position = this.members.findIndex((member) => member.target === target);
    const [removed] = position < 0 ? [] : this.members.splice(position, 1);
    if (removed === undefined) return;
    this.#rule.removed(position, this.members.length);
    this.#changeShare(target, -this.#shareOf(removed));
    this.reachChanged();
    if (this.members.some((member) => member.target === target)) return;
    this.#shares.delete(target);
    target.containers.delete(this);
  }

  partChanged(part: TargetNode, change: { readonly health: boolean; readonly availability: boolean }): void {
    const share = this.#shares.get(part) ?? 0;
    if (change.health) this.#healthyShares += part.healthy ? share : -share;
    if (change.availability) this.#availableShares += part.available ? share : -share;
    this.#refresh(part.changedAt);
  }

  reachChanged(): void {
    // Whoever contains this one has asked it, so if it knows nothing, they know nothing either.
    if (!this.#refusals.isKnown) return;
    this.#refusals.forget();
    for (const container of this.containers) container.reachChanged?.();
  }

  accepts(request: PickRequest): boolean {
    if (request.denied === undefined || !this.healthy) return this.healthy;
    return this.#leadsSomewhere(request, false, ++searches);
  }

  resolve(request: PickRequest): BackendTarget | undefined {
    const isPanic = this.#isPanic();
    if (isPanic) request.panicked?.(this.name);
    return this.#resolve(request, isPanic);
  }

  offers(request: PickRequest): boolean {
    if (!this.canIgnoreHealth) return this.accepts(request);
    if (request.denied === undefined || !this.available) return this.available;
    return this.#leadsSomewhere(request, true, ++searches);
  }

  resolveAnyway(request: PickRequest): BackendTarget | undefined {
    return this.#resolve(request, this.canIgnoreHealth);
  }

  heeded(): Iterable<string> {
    return this.#refusals.identities;
  }

  /** The member that the policy picks, which may be a director itself. Moves cursors. */
  pick(request: PickRequest): Target | undefined {
    return this.#pick(request, false)?.target;
  }

  protected get canIgnoreHealth(): boolean {
    return true;
  }

  protected append(member: NodeMember): void {
    this.members.push(member);
    member.target.containers.add(this);
    this.#changeShare(member.target, this.#shareOf(member));
    this.reachChanged();
  }

  /** Puts another list in the place of the members. Cost: O(members). */
  protected replace(members: readonly NodeMember[]): void {
    for (const target of this.#shares.keys()) target.containers.delete(this);
    this.#shares.clear();
    this.#healthyShares = 0;
    this.#availableShares = 0;
    this.members.length = 0;
    let changedAt = Number.NEGATIVE_INFINITY;
    for (const member of members) {
      const { target } = member;
      const share = this.#shareOf(member);
      this.members.push(member);
      target.containers.add(this);
      this.#shares.set(target, (this.#shares.get(target) ?? 0) + share);
      if (target.healthy) this.#healthyShares += share;
      if (target.available) this.#availableShares += share;
      if (target.changedAt > changedAt) changedAt = target.changedAt;
    }
    this.reachChanged();
    this.#refresh(changedAt);
  }

  /** Whom an operator or saintmode has taken away is not missed. */
  #isPanic(): boolean {
    const { panicThreshold } = this.declaration;
    return panicThreshold !== undefined && this.#healthyShares < panicThreshold * this.#availableShares;
  }

  #resolve(request: PickRequest, ignoresHealth: boolean): BackendTarget | undefined {
    request.passed?.(this.name);
    const member = this.#pick(request, ignoresHealth);
    const backend = member?.target.resolve(request);
    // Not before it is certain that the request goes there.
    if (backend !== undefined && member?.load !== undefined) hold(member.load, request);
    return backend;
  }

  #pick(request: PickRequest, ignoresHealth: boolean): Member | undefined {
    const isStale = this.#until !== Number.POSITIVE_INFINITY && this.#now() >= this.#until;
    if (this.#policy === undefined || isStale || ignoresHealth !== this.#ignoresHealth) {
      this.#policy = this.#build(ignoresHealth);
    }
    return this.#policy.pick(request);
  }

  #build(ignoresHealth: boolean): Policy {
    const { slowStartMs = 0 } = this.declaration;
    let members: readonly Member[] = this.members;
    this.#until = Number.POSITIVE_INFINITY;
    this.#ignoresHealth = ignoresHealth;
    if (ignoresHealth) {
      members = this.members.map(inPanic);
    } else if (slowStartMs > 0) {
      const weighed = slowlyStarted(members, slowStartMs, this.#now());
      members = weighed.members;
      this.#until = weighed.until;
    }
    return this.#rule.build(members, this.#refusals);
  }

  /** Whether some member takes the request, directly or through directors not yet looked into. */
  #leadsSomewhere(request: PickRequest, ignoringHealth: boolean, search: number): boolean {
    if (this.#lastSearch === search) return false;
    this.#lastSearch = search;
    for (const member of this.members) {
      const { target } = member;
      if (this.#shareOf(member) === 0 || !(ignoringHealth ? target.available : target.healthy)) continue;
      if (this.#canLead(target, request, ignoringHealth, search)) return true;
    }
    return false;
  }

  #canLead(target: TargetNode, request: PickRequest, ignoringHealth: boolean, search: number): boolean {
    if (target instanceof DirectorNode) {
      const ignoringThere = ignoringHealth && target.canIgnoreHealth;
      return (ignoringThere || target.healthy) && target.#leadsSomewhere(request, ignoringThere, search);
    }
    return ignoringHealth ? target.offers(request) : target.accepts(request);
  }

  #shareOf(member: NodeMember): number {
    return this.#rule.weighted && member.weight === 0 ? 0 : 1;
  }

  #changeShare(target: TargetNode, by: number): void {
    this.#shares.set(target, (this.#shares.get(target) ?? 0) + by);
    if (target.healthy) this.#healthyShares += by;
    if (target.available) this.#availableShares += by;
    this.#refresh(target.changedAt);
  }

  /** @param at when the change happened that may have changed this one's health as well */
  #refresh(at: number): void {
    this.#policy = undefined;
    const healthy = this.#healthyShares > 0;
    this.become(healthy, healthy || (this.canIgnoreHealth && this.#availableShares > 0), at);
  }
}

function hold(load: Load, request: PickRequest): void {
  if (request.hold !== undefined) {
    request.hold(load);
  } else {
    load.begun();
    load.unanswered(0);
    load.ended();
  }
}
