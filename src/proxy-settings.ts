/** What of a proxy can be changed while it runs. Absent or undefined: as it was made. */
import type { FetchLimits } from './config/declaration.ts';
import type { BanSettings } from './proxy/cache/ban-settings.ts';
import type { CacheDefaults } from './proxy/cache/cache-terms.ts';
import type { ListenerLimits } from './proxy/listener/listener-limits.ts';
import type { RequestLimits } from './proxy/request/environment.ts';
import type { VclOptions } from './vcl/load-vcl.ts';

type Settings<Limits> = { readonly [Name in keyof Limits]?: Limits[Name] | undefined };

export interface ProxySettings {
  /** At once. */
  readonly requests: Settings<RequestLimits>;
  /** Of answers that come from then on, in all configs. */
  readonly cache: Settings<CacheDefaults>;
  /** At once. */
  readonly bans: Settings<BanSettings>;
  /** Of connections that come from then on. */
  readonly listener: Settings<ListenerLimits>;
  /** Of fetches that begin from then on, in all configs. */
  readonly fetch: Settings<FetchLimits>;
  /** Of configs that are loaded from then on. */
  readonly vcl: Settings<VclOptions>;
  /** Milliseconds that a config stays warm after it was needed last; at once. */
  readonly cooldownMs: number | undefined;
}

/** Limits, with those that are set in place of those that are not. */
export function withSettings<Limits extends object>(limits: Limits, settings: Settings<Limits>): Limits {
  const set = Object.entries(settings).filter(([, value]) => value !== undefined);
  return { ...limits, ...Object.fromEntries(set) };
}
