/** Hooks that do what they did, and tell what they do to the cache. */
import type { BackendResponse, BackendResponseContext, Hooks, PurgeOptions } from '../config/hooks.ts';
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
        const wasGraceSet = noticeGrace(beresp);
        const action = backendResponse(context);
        const { ttl, grace, uncacheable } = beresp;
        const isKept = !uncacheable && ttl + grace > 0 && (action === undefined || action === 'deliver');
        watch.stored({
          url: bereq.url,
          ttlMs: ttl,
          graceMs: grace,
          isKept,
          isGraceSet: wasGraceSet(),
        });
        return action;
      },
    }),
    ...(hit && { hit: (context: Parameters<typeof hit>[0]) => hit(noticing(context, watch)) }),
    ...(miss && { miss: (context: Parameters<typeof miss>[0]) => miss(noticing(context, watch)) }),
  };
}

/** @returns whether a hook has assigned the grace since, be it what it was anyway */
function noticeGrace(beresp: BackendResponse): () => boolean {
  const accessor = Object.getOwnPropertyDescriptor(Object.getPrototypeOf(beresp), 'grace');
  let isSet = false;
  Object.defineProperty(beresp, 'grace', {
    configurable: true,
    get: () => accessor?.get?.call(beresp),
    set: (duration: number | string) => {
      isSet = true;
      accessor?.set?.call(beresp, duration);
    },
  });
  return () => isSet;
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
