/**
 * Configs as operators arrange them: in the order of loading, each to be warm, cold or as needed (varnish-cli(7),
 * vcl.state), and labels that point to some of them. What is loaded, and what is active, the supervisor knows.
 */
import type { ControlPlane } from '../../streams/control-plane.ts';

/** What an operator wants of a config. */
type WantedState = 'auto' | 'warm' | 'cold';

interface ShelvedConfig {
  readonly kind: 'config';
  readonly name: string;
  wanted: WantedState;
}

interface Label {
  readonly kind: 'label';
  readonly name: string;
  target: string;
}

type Shelved = ShelvedConfig | Label;

export class ConfigShelf {
  readonly #control: ControlPlane;
  readonly #entries = new Map<string, Shelved>();
  #usedLabel: string | undefined;

  constructor(control: ControlPlane) {
    this.#control = control;
  }

  /** All, in the order in which they came. */
  entries(): readonly Shelved[] {
    this.#takeStock();
    return [...this.#entries.values()];
  }

  find(name: string): Shelved | undefined {
    this.#takeStock();
    return this.#entries.get(name);
  }

  /** Name of what is used: a config, or a label that points to it. */
  activeName(): string | undefined {
    this.#takeStock();
    const active = this.#control.configs().find(({ state }) => state === 'active')?.name;
    const label = this.#usedLabel === undefined ? undefined : this.#entries.get(this.#usedLabel);
    return label?.kind === 'label' && label.target === active ? label.name : active;
  }

  isCold(name: string): boolean {
    return this.#control.configs().some((one) => one.name === name && one.state === 'cold');
  }

  /** Notes what is wanted of a config that was loaded. */
  want(name: string, wanted: WantedState): void {
    const entry = this.find(name);
    if (entry?.kind === 'config') entry.wanted = wanted;
  }

  /** Others come and go by other ways: a reload, the HTTP API. */
  #takeStock(): void {
    const loaded = new Set(this.#control.configs().map(({ name }) => name));
    for (const entry of this.#entries.values()) {
      const config = entry.kind === 'label' ? entry.target : entry.name;
      if (!loaded.has(config)) this.#entries.delete(entry.name);
    }
    for (const name of loaded) {
      if (!this.#entries.has(name)) this.#entries.set(name, { kind: 'config', name, wanted: 'auto' });
    }
  }
}
