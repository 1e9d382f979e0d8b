/**
 * What all targets of one loaded config have in common: health that is kept up to date, and those that
 * contain them, who hear of its changes.
 */
import type { PickRequest } from './policy.ts';
import type { BackendTarget, Target } from './target.ts';

/** Something whose health depends on that of others. */
export interface Container {
  /** Called after the health of a part has changed. */
  partChanged(part: TargetNode): void;
}

export abstract class TargetNode implements Target {
  readonly name: string;
  /** A field, so that building a table of a thousand members reads it a thousand times for nothing. */
  healthy = false;
  changedAt = Number.NEGATIVE_INFINITY;
  readonly containers = new Set<Container>();

  constructor(name: string) {
    this.name = name;
  }

  abstract accepts(request: PickRequest): boolean;
  abstract resolve(request: PickRequest): BackendTarget | undefined;

  /**
   * Goes upward only where health has changed: each target on the way changes at most once.
   *
   * @param at when that happened, in milliseconds of the clock
   */
  protected become(healthy: boolean, at: number): void {
    if (healthy === this.healthy) return;
    this.healthy = healthy;
    this.changedAt = at;
    for (const container of this.containers) container.partChanged(this);
  }
}
