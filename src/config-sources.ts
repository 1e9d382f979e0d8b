/** What the loaded configs were made of, and what was wrong with those that could not be loaded. */
import { readFileSync } from 'node:fs';
import type { Config } from './config/config.ts';
import type { ConfigKey } from './config-key.ts';
import type { ConfigSource } from './troupe-proxy.ts';

/** A text that a config was made of. */
type SourceText = NonNullable<Config['sources']>[number];

export class ConfigSources {
  /** By name, between the command to load a config and its answer. */
  readonly #coming = new Map<string, ConfigSource>();
  readonly #errors = new Map<string, unknown>();
  readonly #loaded = new Map<ConfigKey, { labels: readonly string[]; texts: readonly SourceText[] }>();

  /** Says what the config of a name comes from while `load` runs, and throws what was found to be wrong with it. */
  async during(name: string, source: ConfigSource, load: () => Promise<void>): Promise<void> {
    if (!this.#coming.has(name)) this.#coming.set(name, source);
    try {
      await load();
    } catch (error) {
      // The bus carries a sentence; whoever loads in this process gets the error with its place.
      throw this.#errors.get(name) ?? error;
    } finally {
      this.#coming.delete(name);
      this.#errors.delete(name);
    }
  }

  /** Where the config comes from that is being loaded under a name. */
  of(name: string): ConfigSource {
    const source = this.#coming.get(name);
    if (source === undefined) throw new Error(`config "${name}" has no source`);
    return source;
  }

  failed(name: string, error: unknown): void {
    this.#errors.set(name, error);
  }

  /** @param isLoaded of a config that was kept before; those that are not are forgotten */
  keep(key: ConfigKey, { labels = [], sources, file }: Config, isLoaded: (key: ConfigKey) => boolean): void {
    for (const kept of this.#loaded.keys()) if (!isLoaded(kept)) this.#loaded.delete(kept);
    const texts = sources ?? (file === undefined ? [] : [{ name: file, text: readFileSync(file, 'utf8') }]);
    this.#loaded.set(key, { labels, texts });
  }

  textsOf(key: ConfigKey): readonly SourceText[] {
    return this.#loaded.get(key)?.texts ?? [];
  }

  /** The labels that a config hands requests over to. */
  labelsIn(key: ConfigKey): readonly string[] {
    return this.#loaded.get(key)?.labels ?? [];
  }
}
