/**
 * A saintmode object as the target of requests: its backend, but sick for the objects on the backend's saint
 * list, and for every object once the list has reached the threshold. Meaning: vmod_saintmode(3).
 */
import type { BackendNode } from './backend-target.ts';
import type { PickRequest } from './policy.ts';
import type { BackendTarget } from './target.ts';
import { type Container, TargetNode } from './target-node.ts';

export class SaintmodeNode extends TargetNode implements Container {
  readonly backend: BackendNode;
  /** Entries from which on it is sick for every object; 0: the list is ignored. */
  readonly threshold: number;
  #count = 0;
  readonly #heeded: readonly string[];

  constructor(name: string, backend: BackendNode, threshold: number) {
    super(name);
    this.backend = backend;
    this.threshold = threshold;
    this.#heeded = threshold === 0 ? [] : [backend.identity];
    backend.containers.add(this);
    this.partChanged();
  }

  partChanged(): void {
    const isFull = this.threshold > 0 && this.#count >= this.threshold;
    // As in varnishd, what changes on the saint list does not make a backend a new one.
    const { healthy, available, changedAt } = this.backend;
    this.become(healthy && !isFull, available && !isFull, changedAt);
  }

  /** Entries on the backend's saint list now. */
  setCount(count: number): void {
    this.#count = count;
    this.partChanged();
  }

  get count(): number {
    return this.#count;
  }

  accepts({ denied }: PickRequest): boolean {
    return this.healthy && !this.#isDenied(denied);
  }

  resolve(request: PickRequest): BackendTarget | undefined {
    request.passed?.(this.name);
    return this.accepts(request) ? this.backend : undefined;
  }

  offers({ denied }: PickRequest): boolean {
    return this.available && !this.#isDenied(denied);
  }

  resolveAnyway(request: PickRequest): BackendTarget | undefined {
    request.passed?.(this.name);
    return this.offers(request) ? this.backend : undefined;
  }

  heeded(): readonly string[] {
    return this.#heeded;
  }

  #isDenied(denied: PickRequest['denied']): boolean {
    return denied !== undefined && this.threshold > 0 && denied.has(this.backend.identity);
  }
}
