/** A config of many items, and somebody who listens to what it declares. */
import { expect } from 'vitest';
import type { ConfigEmitted } from '../../src/actors/config.ts';
import type { ConfigDescription } from '../../src/config/declaration.ts';
import { backendOf, describeConfig, probeOf } from './control-world.ts';

/** A config of so many items: backends, and one saintmode object and one director for every four of them. */
export function descriptionOf(backends: number): ConfigDescription {
  const names = Array.from({ length: backends }, (_, i) => `b${i}`);
  const few = names.filter((_, i) => i % 4 === 0);
  return describeConfig({
    backends: names.map((one) => backendOf(one, 8080, probeOf())),
    saintmodes: few.map((backend) => ({ name: `saint-${backend}`, backend, threshold: 3 })),
    directors: few.map((one) => ({
      name: `dir-${one}`,
      policy: { kind: 'round_robin' },
      members: [{ target: `saint-${one}`, weight: 1 }],
    })),
  });
}

/** What is declared now, as somebody would know it who only listens: by item, whether as the active config. */
export class ItemListener {
  readonly known = new Map<string, boolean>();
  readonly everKnown = new Set<string>();
  /** Slices asked for, but not granted yet. */
  asked = 0;
  readonly counts = new Map<string, number>();

  hear(event: ConfigEmitted): void {
    this.counts.set(event.type, this.count(event.type) + 1);
    switch (event.type) {
      case 'backend.declare':
        this.#declare(event.identity, event.active);
        return;
      case 'saintmode.declare':
      case 'director.declare':
        this.#declare(event.name, false);
        return;
      case 'backend.withdraw':
        this.#withdraw(event.identity);
        return;
      case 'saintmode.end':
      case 'director.end':
        this.#withdraw(event.name);
        return;
      case 'slice.wanted':
        this.asked++;
        return;
      case 'load.wanted':
      case 'config.announced':
      case 'config.failed':
      case 'drain.wanted':
      case 'config.discarded':
        return;
      default:
        event satisfies never;
    }
  }

  count(type: ConfigEmitted['type']): number {
    return this.counts.get(type) ?? 0;
  }

  #declare(item: string, active: boolean): void {
    this.known.set(item, active);
    this.everKnown.add(item);
  }

  #withdraw(item: string): void {
    expect(this.everKnown, `${item} was declared before it is withdrawn`).toContain(item);
    this.known.delete(item);
  }
}
