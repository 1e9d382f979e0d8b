/**
 * What all targets of one loaded config have in common: health that is kept up to date, and those that
 * contain them, who hear of its changes.
 */
import type { AvailableTarget } from './panic.ts';
import type { PickRequest } from './policy.ts';
import type { BackendTarget } from './target.ts';

/** Something whose health depends on that of others. */
export interface Container {
  /** Called after the health of a part has changed, or whether it is available, or both. */
  partChanged(part: TargetNode, change: { readonly health: boolean; readonly availability: boolean }): void;
  /** Called after the members of a part have changed, or of something below it. */
  reachChanged?(): void;
}

export abstract class TargetNode implements AvailableTarget {
  readonly name: string;
  /** A field, so that building a table of a thousand members reads it a thousand times for nothing. */
  healthy = false;
  available = false;
  changedAt = Number.NEGATIVE_INFINITY;
  readonly containers = new Set<Container>();

  constructor(name: string) {
    this.name = name;
  }

  abstract accepts(request: PickRequest): boolean;
  abstract resolve(request: PickRequest): BackendTarget | undefined;
  abstract offers(request: PickRequest): boolean;
  abstract resolveAnyway(request: PickRequest): BackendTarget | undefined;
  abstract heeded(): Iterable<string>;

  /**
   * Goes upward only where something has changed: each target on the way changes at most once.
   *
   * @param available what is healthy always is
   * @param at when that happened, in milliseconds of the clock
   */
  protected become(healthy: boolean, available: boolean, at: number): void {
    const change = { health: healthy !== this.healthy, availability: available !== this.available };
    if (!change.health && !change.availability) return;
    this.available = available;
    if (change.health) {
      this.healthy = healthy;
      this.changedAt = at;
    }
    for (const container of this.containers) container.partChanged(this, change);
  }
}
