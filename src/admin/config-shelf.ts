/**
 * Configs as operators arrange them: in the order of loading, each to be warm, cold or as needed (varnish-cli(7),
 * vcl.state), and labels that point to some of them. What is loaded, and what is active, the supervisor knows.
 *
 * A proxy has one, and whoever operates it goes through it: the embedding program, the HTTP API, the command line.
 * So a config that nobody needs turns cold after a while, whether or not anybody is there to see it.
 */
import type { SupervisorContext } from '../actors/supervisor.ts';
import type { Clock } from '../clock.ts';
import type { ConfigKey } from '../config-key.ts';
import type { ControlPlane } from '../streams/control-plane.ts';
import { SUPERVISOR } from '../streams/routes.ts';

/** What an operator wants of a config. */
export type WantedState = 'auto' | 'warm' | 'cold';

export interface ShelvedConfig {
  readonly kind: 'config';
  readonly name: string;
  wanted: WantedState;
  /** Labels that it hands requests over to. */
  readonly uses: readonly string[];
  /** Milliseconds of the clock at which it was last needed; for one that is to cool down when it is not. */
  neededAt: number;
}

interface Label {
  readonly kind: 'label';
  readonly name: string;
  target: string;
}

export type Shelved = ShelvedConfig | Label;

interface ShelfOptions {
  readonly control: ControlPlane;
  readonly clock: Clock;
  /** Labels that a loaded config hands requests over to. */
  readonly labelsUsedBy: (key: ConfigKey) => readonly string[];
  /** Told when labels have changed. */
  readonly onLabels: (labels: ReadonlyMap<string, ConfigKey>) => void;
  readonly cooldownMs: number;
}

export class ConfigShelf {
  readonly #options: ShelfOptions;
  readonly #entries = new Map<string, Shelved>();
  #cooldownMs: number;
  #usedLabel: string | undefined;
  #cancel: (() => void) | undefined;
  #isClosed = false;

  constructor(options: ShelfOptions) {
    this.#options = options;
    this.#cooldownMs = options.cooldownMs;
  }

  /** Milliseconds that a config stays warm after it was needed last; varnishd's vcl_cooldown. */
  set cooldownMs(ms: number) {
    if (ms === this.#cooldownMs) return;
    this.#cooldownMs = ms;
    this.#settle();
  }

  /** A config was loaded. */
  noteLoaded(): void {
    this.#settle();
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

  /** Keys of configs that were discarded and are still used by requests. */
  leaving(): readonly ConfigKey[] {
    const supervisor = this.#options.control.registry.snapshot('supervisor', SUPERVISOR);
    const context: SupervisorContext | undefined = supervisor?.context;
    return context?.leaving ?? [];
  }

  /** Name of what is used: a config, or a label that points to it. */
  activeName(): string | undefined {
    this.#takeStock();
    const active = this.#options.control.configs().find(({ state }) => state === 'active')?.name;
    const label = this.#usedLabel === undefined ? undefined : this.#entries.get(this.#usedLabel);
    return label?.kind === 'label' && label.target === active ? label.name : active;
  }

  /** The config that a name means. */
  configOf(entry: Shelved): string {
    return entry.kind === 'label' ? entry.target : entry.name;
  }

  stateOf(config: string): 'loading' | 'warm' | 'cold' | 'active' | undefined {
    return this.#options.control.configs().find(({ name }) => name === config)?.state;
  }

  keyOf(config: string): ConfigKey | undefined {
    return this.#options.control.configs().find(({ name }) => name === config)?.key;
  }

  /** What would break without it: labels that point to a config, configs that name a label. */
  dependents(entry: Shelved): readonly Shelved[] {
    return this.entries().filter((one) =>
      entry.kind === 'config'
        ? one.kind === 'label' && one.target === entry.name
        : one.kind === 'config' && one.uses.includes(entry.name),
    );
  }

  /** What it needs: the config that a label points to, the labels that a config names. */
  dependencies(entry: Shelved): readonly Shelved[] {
    const names = entry.kind === 'label' ? [entry.target] : entry.uses;
    return names.flatMap((name) => this.#entries.get(name) ?? []);
  }

  /**
   * Says what is wanted of a config, and makes it so; `auto` leaves it as it is for now.
   *
   * @throws TroupeError `command.unknown-config`, `command.config-in-use`, `command.config-not-ready`
   */
  async setState(name: string, wanted: WantedState): Promise<void> {
    this.#markNeeded();
    const entry = this.find(name);
    // Of an unknown one, the supervisor says it.
    if (wanted !== 'auto' || entry === undefined) {
      await this.#options.control.setState(name, wanted === 'cold' ? 'cold' : 'warm');
    }
    if (entry?.kind === 'config') entry.wanted = wanted;
    this.#settle();
  }

  /** Warms a config up, if it has cooled down by itself: somebody is about to need it. */
  async warm(config: string): Promise<void> {
    const entry = this.find(config);
    if (entry?.kind !== 'config' || entry.wanted === 'cold') return;
    if (this.stateOf(config) === 'cold') await this.#options.control.setState(config, 'warm');
    entry.neededAt = this.#options.clock.now();
    this.#settle();
  }

  /**
   * Switches to a config, or to what a label points to.
   *
   * @throws TroupeError `command.unknown-config`, `command.config-not-ready`
   */
  async use(name: string): Promise<void> {
    this.#markNeeded();
    const entry = this.find(name);
    const config = entry === undefined ? name : this.configOf(entry);
    await this.warm(config);
    await this.#options.control.use(config);
    this.#usedLabel = entry?.kind === 'label' ? name : undefined;
    this.#settle();
  }

  /** Makes a label point to a config; if it is in use, requests go there from now on. */
  async label(name: string, target: string): Promise<void> {
    this.#markNeeded();
    await this.warm(target);
    const isInUse = this.activeName() === name;
    this.#entries.set(name, { kind: 'label', name, target });
    if (isInUse) await this.#options.control.use(target);
    this.#settle();
  }

  /**
   * Takes one out.
   *
   * @throws TroupeError `command.unknown-config`, `command.config-in-use`, `command.config-not-ready`
   */
  async discard(name: string): Promise<void> {
    this.#markNeeded();
    if (this.find(name)?.kind === 'label') this.#entries.delete(name);
    else await this.#options.control.discard(name);
    this.#settle();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancel?.();
  }

  /** Those that the supervisor knows, and no others. */
  #takeStock(): void {
    const { control, clock, labelsUsedBy } = this.#options;
    const configs = control.configs();
    const loaded = new Set(configs.map(({ name }) => name));
    for (const entry of this.#entries.values()) {
      if (!loaded.has(this.configOf(entry))) this.#entries.delete(entry.name);
    }
    for (const { name, key, state } of configs) {
      if (this.#entries.has(name) || state === 'loading') continue;
      const uses = labelsUsedBy(key);
      this.#entries.set(name, { kind: 'config', name, wanted: 'auto', uses, neededAt: clock.now() });
    }
  }

  /** After each change: which labels there are, and who cools down next. */
  #settle(): void {
    if (this.#isClosed) return;
    const { clock, onLabels } = this.#options;
    const entries = this.entries();
    const labels = new Map<string, ConfigKey>();
    let next = Number.POSITIVE_INFINITY;
    for (const entry of entries) {
      if (entry.kind === 'label') {
        const key = this.keyOf(entry.target);
        if (key !== undefined) labels.set(entry.name, key);
      } else if (this.#mayCool(entry)) {
        next = Math.min(next, entry.neededAt + this.#cooldownMs);
      }
    }
    onLabels(labels);
    this.#cancel?.();
    this.#cancel = undefined;
    if (next === Number.POSITIVE_INFINITY) return;
    this.#cancel = clock.after(Math.max(0, next - clock.now()), () => void this.#coolDown());
  }

  /** Before each change: what is needed until then begins to cool down then. */
  #markNeeded(): void {
    const now = this.#options.clock.now();
    for (const entry of this.entries()) {
      if (entry.kind === 'config' && !this.#mayCool(entry)) entry.neededAt = now;
    }
  }

  /** Whether it is warm only because nobody has cooled it yet. */
  #mayCool(entry: ShelvedConfig): boolean {
    const isNeeded = entry.uses.length > 0 || this.dependents(entry).length > 0;
    return entry.wanted === 'auto' && this.stateOf(entry.name) === 'warm' && !isNeeded;
  }

  async #coolDown(): Promise<void> {
    const { clock, control } = this.#options;
    for (const entry of this.entries()) {
      if (entry.kind === 'label' || !this.#mayCool(entry)) continue;
      if (entry.neededAt + this.#cooldownMs > clock.now()) continue;
      // It may have gone in this very moment.
      await control.setState(entry.name, 'cold').catch(() => {});
    }
    this.#settle();
  }
}
