/** A backend as the target of requests: as healthy as the last snapshot says, whoever asks. */
import type { FetchLimits, ResolvedBackend } from '../../config/declaration.ts';
import type { Addresses, Identity } from '../../identity.ts';
import { type BackendHealth, isUsable } from '../../snapshot.ts';
import type { BackendTarget } from './target.ts';
import { TargetNode } from './target-node.ts';

const nobody: readonly string[] = [];

export class BackendNode extends TargetNode implements BackendTarget {
  readonly identity: Identity;
  readonly addresses: Addresses;
  limits: FetchLimits;
  readonly declaration: ResolvedBackend;

  constructor(declaration: ResolvedBackend) {
    super(declaration.name);
    this.identity = declaration.identity;
    this.addresses = declaration.addresses;
    this.limits = declaration.limits;
    this.declaration = declaration;
    this.setHealth(undefined);
  }

  setHealth(health: BackendHealth | undefined): void {
    const changedAt = health?.changedAt ?? Number.NEGATIVE_INFINITY;
    const isTaken = health?.override === 'sick' || health?.override === 'drain';
    this.become(isUsable(health, this.declaration.probe !== undefined), !isTaken, changedAt);
    // A declaration without a probe need not change with what a poller says; what was said first, it begins with.
    if (this.changedAt === Number.NEGATIVE_INFINITY) this.changedAt = changedAt;
  }

  /** The saint list is heeded by saintmode objects only: a bare backend does not know it. */
  accepts(): boolean {
    return this.healthy;
  }

  resolve(): BackendTarget | undefined {
    return this.healthy ? this : undefined;
  }

  offers(): boolean {
    return this.available;
  }

  resolveAnyway(): BackendTarget | undefined {
    return this.available ? this : undefined;
  }

  heeded(): readonly string[] {
    return nobody;
  }
}
