/**
 * `defineConfig()`: the TypeScript front end. It puts down what it is given; whatever is wrong with it is told,
 * all at once, by checkConfig and by everything that loads a config.
 */
import type { Duration } from '../duration.ts';
import type { BackendHandle } from './backend.ts';
import { buildConfig } from './build-config.ts';
import { captureCallSite } from './call-site.ts';
import type { Config } from './config.ts';
import type { DirectorHandle, TargetHandle } from './director.ts';
import type { RecordedCall } from './handle.ts';
import type { Hooks } from './hooks.ts';
import type { PeerHandle } from './peer.ts';
import type { SaintmodeHandle } from './saintmode.ts';
import { SourceFiles } from './source-files.ts';

/** What a hook may be written as: a function that returns nothing has the type void. */
type HookFunction<Hook> = Hook extends (context: infer Context) => infer Action
  ? // biome-ignore lint/suspicious/noConfusingVoidType: functions declared apart from the config return void
    (context: Context) => Action | void
  : never;

type HookOptions = { readonly [Name in keyof Hooks]: HookFunction<NonNullable<Hooks[Name]>> | undefined };

/** How a config keeps answers. */
export interface CacheRules {
  /**
   * `rfc9111`: what answers say, as a shared cache has to take it. `varnish`: what varnishd would do, its built-in VCL
   * included where no hook backendResponse is. Default: `rfc9111`.
   */
  readonly rules?: 'rfc9111' | 'varnish' | undefined;
  /**
   * For how long answers are fresh that do not say it, if their status allows that. Default: 0, they are not kept; with
   * varnishd's rules two minutes.
   */
  readonly defaultTtl?: Duration | undefined;
  /** For how long after that they are served while they are fetched anew. Default: 0; 10 s with varnishd's rules. */
  readonly defaultGrace?: Duration | undefined;
  /** For how long after that they are kept, to be asked about. Default: an hour; 0 with varnishd's rules. */
  readonly defaultKeep?: Duration | undefined;
}

export interface ConfigOptions extends HookOptions {
  /** The backends, by name. */
  readonly backends: Readonly<Record<string, BackendHandle>>;
  /** Directors and saintmode objects, by name. Those left out get names from where they are used. */
  readonly directors?: Readonly<Record<string, DirectorHandle | SaintmodeHandle>> | undefined;
  /** Who can be told of requests, by name. */
  readonly peers?: Readonly<Record<string, PeerHandle>> | undefined;
  /** How answers are kept; false: not at all. Default: as they say, by RFC 9111. */
  readonly cache?: CacheRules | false | undefined;
  /** Where requests go unless a hook says otherwise. Default: the first backend, as in VCL. */
  readonly default?: TargetHandle | undefined;
}

const definitions = new WeakMap<Config, RecordedCall>();

/**
 * Defines a config: the default export of a config file, or what `createProxy` is given.
 *
 * ```ts
 * const b1 = backend({ host: '127.0.0.1', port: 8081 });
 * const b2 = backend({ host: '127.0.0.1', port: 8082 });
 * const app = roundRobin([b1, b2]);
 * export default defineConfig({ backends: { b1, b2 }, directors: { app }, default: app });
 * ```
 */
export function defineConfig(options: ConfigOptions): Config {
  const definition: RecordedCall = { site: captureCallSite(defineConfig), args: [options] };
  const config = buildConfig(definition, SourceFiles.ofProgram, undefined);
  definitions.set(config, definition);
  return config;
}

/** The call of defineConfig that a value came from, if it came from one. */
export function definitionOf(value: unknown): RecordedCall | undefined {
  return definitions.get(value as Config);
}
