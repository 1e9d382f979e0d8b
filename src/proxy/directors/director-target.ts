/**
 * A director as the target of requests: its members, their health rolled up, and the policy that picks one.
 * It is healthy if it could pick a member; under a policy that shares by weight, members of weight 0 are no
 * help. Cost of a member's health change: O(1), and O(members) once, at the first pick after any number of
 * them: a delta that changes a thousand backends must not build a thousand tables.
 */
import type { DirectorDeclaration } from '../../config/declaration.ts';
import type { Member, PickRequest, Policy } from './policy.ts';
import type { Rule } from './rule.ts';
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
  /** Built for the members as they are; undefined after a change. */
  #policy: Policy | undefined;
  /** For each member target, how many of its entries can be picked while it is healthy. */
  readonly #shares = new Map<TargetNode, number>();
  /** Sum of the shares of healthy members. */
  #healthyShares = 0;
  #lastSearch = 0;

  constructor(declaration: DirectorDeclaration, rule: Rule) {
    super(declaration.name);
    this.declaration = declaration;
    this.#rule = rule;
  }

  add(target: TargetNode, weight: number): void {
    this.append({ target, weight });
  }

  /** Removes the first entry of a target; nothing if there is none. */
  remove(target: TargetNode): void {
    const position = this.members.findIndex((member) => member.target === target);
    const [removed] = position < 0 ? [] : this.members.splice(position, 1);
    if (removed === undefined) return;
    this.#rule.removed(position, this.members.length);
    this.#changeShare(target, -this.#shareOf(removed));
    if (this.members.some((member) => member.target === target)) return;
    this.#shares.delete(target);
    target.containers.delete(this);
  }

  partChanged(part: TargetNode): void {
    const share = this.#shares.get(part) ?? 0;
    this.#healthyShares += part.healthy ? share : -share;
    this.#refresh(part.changedAt);
  }

  accepts(request: PickRequest): boolean {
    if (request.denied === undefined || !this.healthy) return this.healthy;
    return this.#leadsToAccepting(request, ++searches);
  }

  resolve(request: PickRequest): BackendTarget | undefined {
    request.passed?.(this.name);
    return this.pick(request)?.resolve(request);
  }

  /** The member that the policy picks, which may be a director itself. Moves cursors. */
  pick(request: PickRequest): Target | undefined {
    this.#policy ??= this.#rule.build(this.members);
    return this.#policy.pick(request)?.target;
  }

  protected append(member: NodeMember): void {
    this.members.push(member);
    member.target.containers.add(this);
    this.#changeShare(member.target, this.#shareOf(member));
  }

  /** Puts another list in the place of the members. Cost: O(members). */
  protected replace(members: readonly NodeMember[]): void {
    for (const target of this.#shares.keys()) target.containers.delete(this);
    this.#shares.clear();
    this.#healthyShares = 0;
    this.members.length = 0;
    let changedAt = Number.NEGATIVE_INFINITY;
    for (const member of members) {
      const { target } = member;
      const share = this.#shareOf(member);
      this.members.push(member);
      target.containers.add(this);
      this.#shares.set(target, (this.#shares.get(target) ?? 0) + share);
      if (target.healthy) this.#healthyShares += share;
      if (target.changedAt > changedAt) changedAt = target.changedAt;
    }
    this.#refresh(changedAt);
  }

  /** Whether some member accepts the request, directly or through directors not yet looked into. */
  #leadsToAccepting(request: PickRequest, search: number): boolean {
    if (this.#lastSearch === search) return false;
    this.#lastSearch = search;
    for (const member of this.members) {
      const { target } = member;
      if (!target.healthy || this.#shareOf(member) === 0) continue;
      if (
        target instanceof DirectorNode ? target.#leadsToAccepting(request, search) : target.accepts(request)
      ) {
        return true;
      }
    }
    return false;
  }

  #shareOf(member: NodeMember): number {
    return this.#rule.weighted && member.weight === 0 ? 0 : 1;
  }

  #changeShare(target: TargetNode, by: number): void {
    this.#shares.set(target, (this.#shares.get(target) ?? 0) + by);
    if (target.healthy) this.#healthyShares += by;
    this.#refresh(target.changedAt);
  }

  /** @param at when the change happened that may have changed this one's health as well */
  #refresh(at: number): void {
    this.#policy = undefined;
    this.become(this.#healthyShares > 0, at);
  }
}
