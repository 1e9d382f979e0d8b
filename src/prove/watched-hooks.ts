/** Hooks that do what they did, and tell what they do to the cache. */
import type { BackendResponseContext, Hooks, PurgeOptions } from '../config/hooks.ts';
import type { StoreRecord } from './run.ts';

export interface HookWatch {
  readonly stored: (what: Omit<StoreRecord, 'at'>) => void;
  readonly purgedSoftly: () => void;
}

export function watchedHooks(hooks: Hooks, watch: HookWatch): Hooks {
  const { backendResponse, hit, miss } = hooks;
  return {
    ...hooks,
    ...(backendResponse && {
      backendResponse: (context: BackendResponseContext) => {
        const { beresp, bereq } = context;
        const before = beresp.grace;
        const action = backendResponse(context);
        const { ttl, grace, uncacheable } = beresp;
        const isKept = !uncacheable && ttl + grace > 0 && (action === undefined || action === 'deliver');
        const isGraceSet = grace !== before;
        watch.stored({ url: bereq.url, ttlMs: ttl, graceMs: grace, isKept, isGraceSet });
        return action;
      },
    }),
    ...(hit && { hit: (context: Parameters<typeof hit>[0]) => hit(noticing(context, watch)) }),
    ...(miss && { miss: (context: Parameters<typeof miss>[0]) => miss(noticing(context, watch)) }),
  };
}

interface Purging {
  purge(options?: PurgeOptions): number;
}

function noticing<Context extends Purging>(context: Context, { purgedSoftly }: HookWatch): Context {
  return new Proxy(context, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name);
      if (name !== 'purge' || typeof value !== 'function')
        return typeof value === 'function' ? value.bind(target) : value;
      return (options?: PurgeOptions): unknown => {
        if (options?.soft === true) purgedSoftly();
        return value.call(target, options);
      };
    },
  });
}
