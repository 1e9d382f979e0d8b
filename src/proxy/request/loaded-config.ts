/**
 * One loaded config as requests use it: its hooks, its targets as they are now, and the requests that began
 * with it. Its init and fini hooks run here.
 */
import type { Config } from '../../config/config.ts';
import type { ResolvedBackend } from '../../config/declaration.ts';
import { enterHook, type HookScope, leaveHook } from '../../config/hook-scope.ts';
import type { BackendRef, Hooks } from '../../config/hooks.ts';
import type { ConfigKey } from '../../config-key.ts';
import { TroupeError } from '../../errors.ts';
import type { Fact } from '../../facts.ts';
import { type CachePolicy, cachePolicy } from '../cache/cache-policy.ts';
import type { CacheDefaults } from '../cache/cache-terms.ts';
import type { TargetGraph } from '../directors/target-graph.ts';
import type { LoadedPeers } from '../peer/loaded-peers.ts';
import { pickAtLoad } from './early-pick.ts';
import { hookThrew, hookWasAsync, hookWasWrong, isPromise } from './hook-error.ts';
import type { Manners } from './manners.ts';
import { shown } from './message-check.ts';
import type { RequestLog } from './request-log.ts';
import { rfcManners } from './rfc-manners.ts';
import { RunningRequests } from './running-requests.ts';
import { createShardScope } from './shard-scope.ts';
import { varnishManners } from './varnish-manners.ts';

/** Which messages hooks have their hands on; what none can change need be neither copied nor checked. */
interface Touches {
  readonly request: boolean;
  readonly backend: boolean;
  readonly response: boolean;
}

export interface LoadedConfig {
  readonly key: ConfigKey;
  readonly config: Config;
  readonly backends: readonly ResolvedBackend[];
  readonly graph: TargetGraph;
  /** Where changes of membership go that its hooks make. */
  readonly scope: HookScope;
  readonly touches: Touches;
  readonly peers: LoadedPeers;
  /** undefined: it wants no cache. */
  policy: CachePolicy | undefined;
  readonly manners: Manners;
  readonly running: RunningRequests;
  /** Called when a request has ended and none is left, and when its peers have nothing to do any more. */
  onIdle: (() => void) | undefined;
}

/** @param tell called with each change that a hook makes to a director's members */
export function createLoadedConfig(
  key: ConfigKey,
  config: Config,
  backends: readonly ResolvedBackend[],
  graph: TargetGraph,
  peers: LoadedPeers,
  tell: (fact: Fact) => void,
  cacheDefaults: Partial<CacheDefaults> = {},
): LoadedConfig {
  const scope: HookScope = {
    addMember(director, target, weight) {
      throwIf(graph.addMember(director, target, weight));
      tell({ type: 'member.added', config: key, director, target, weight });
    },
    removeMember(director, target) {
      throwIf(graph.removeMember(director, target));
      tell({ type: 'member.removed', config: key, director, target });
    },
    shards: createShardScope(graph, (fact) => tell({ ...fact, config: key })),
    saintCount(saintmode) {
      const count = graph.saintCount(saintmode);
      if (typeof count === 'number') return count;
      throw count;
    },
    peer: (name) => peers.get(name),
  };
  const touches = touchesOf(config.hooks);
  return {
    key,
    config,
    backends,
    graph,
    scope,
    touches,
    peers,
    policy: config.cache === false ? undefined : cachePolicy(config.cache ?? {}, cacheDefaults),
    manners: config.manners === 'varnish' ? varnishManners : rfcManners,
    running: new RunningRequests(),
    onIdle: undefined,
  };
}

/** As in `RequestEnvironment`: VCL can ban in vcl_init, too. */
type IssueBan = (words: readonly string[]) => string | undefined;

function throwIf(error: TroupeError | undefined): void {
  if (error !== undefined) throw error;
}

function touchesOf(hooks: Hooks): Touches {
  const { recv, hash, pass, backendFetch, backendResponse, backendError, deliver } = hooks;
  const backend = Boolean(backendFetch ?? backendResponse ?? backendError);
  const request = backend || Boolean(recv ?? hash ?? pass);
  return { request, backend, response: backend || deliver !== undefined };
}

/** @throws TroupeError `config.hook-failed`, `config.hook-async` */
export function runInit(loaded: LoadedConfig, log: RequestLog | undefined, issueBan: IssueBan): void {
  const { hooks } = loaded.config;
  const error = hooks.init && runLifeHook(loaded, 'init', hooks.init, log, issueBan);
  if (error === undefined) return;
  const code = error.code === 'troupe.hook-async' ? 'config.hook-async' : 'config.hook-failed';
  const { message, cause, place } = error;
  throw new TroupeError(code, message, { side: 'troupe', cause, place });
}

/** Runs when the last request has ended; what goes wrong in it can only be told. */
export function runFini(loaded: LoadedConfig, log: RequestLog | undefined, issueBan: IssueBan): void {
  const { fini } = loaded.config.hooks;
  const error = fini && runLifeHook(loaded, 'fini', fini, log, issueBan);
  if (error !== undefined) log?.hookError?.({ config: loaded.key, xid: undefined, hook: 'fini', error });
}

function runLifeHook(
  { key, scope, config, graph }: LoadedConfig,
  name: 'init' | 'fini',
  hook: NonNullable<Hooks['init'] | Hooks['fini']>,
  log: RequestLog | undefined,
  issueBan: IssueBan,
): TroupeError | undefined {
  const context = {
    log: (message: string) => log?.line?.(key, undefined, String(message)),
    resolve: (target: BackendRef) => pickAtLoad(graph, target),
    issueBan,
  };
  let answer: unknown;
  const before = enterHook(scope);
  try {
    answer = hook(context);
  } catch (thrown) {
    return hookThrew(name, thrown, config.origin);
  } finally {
    leaveHook(before);
  }
  if (answer === undefined || answer === null) return undefined;
  if (isPromise(answer)) return hookWasAsync(name, config.origin);
  if (name === 'fini') return undefined;
  const mistake =
    answer === 'fail'
      ? "returned 'fail': the config does not want to be loaded"
      : `returned ${shown(answer)}; it may return 'fail', or nothing`;
  return hookWasWrong(name, mistake, config.origin);
}
