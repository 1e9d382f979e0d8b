/** The package's entry: what config files and embedding programs import from 'troupe'. */

export type { Dashboard, DashboardOptions } from './admin/http/dashboard.ts';
export type { SaintEntry, SaintFigures, SaintPage, SaintQuery } from './compact/saint-list.ts';
export { type BackendHandle, type BackendOptions, backend, type ProbeOptions } from './config/backend.ts';
export { mistakesOf } from './config/combined-error.ts';
export type { Config } from './config/config.ts';
export { type CacheRules, type ConfigOptions, defineConfig } from './config/define-config.ts';
export {
  type DirectorHandle,
  type FallbackOptions,
  fallback,
  type HashDirectorHandle,
  hash,
  leastConnections,
  type PanicOptions,
  type PeakEwmaOptions,
  peakEwma,
  random,
  roundRobin,
  type SlowStartOptions,
  type TargetHandle,
  type WeightedMember,
} from './config/director.ts';
export type {
  BackendErrorAction,
  BackendErrorContext,
  BackendFetchAction,
  BackendRef,
  BackendRequest,
  BackendResponse,
  BackendResponseAction,
  BackendResponseContext,
  CacheObject,
  ClientContext,
  ClientRequest,
  DeliverAction,
  DeliverContext,
  FetchContext,
  HashAction,
  HashContext,
  HitAction,
  HitContext,
  HookContext,
  Hooks,
  LifeContext,
  LookupContext,
  MissAction,
  PassAction,
  PipeAction,
  PipeContext,
  PurgeAction,
  PurgeOptions,
  RecvAction,
  Response,
  Synth,
  SynthAction,
  SynthContext,
  SyntheticResponse,
} from './config/hooks.ts';
export { type LoadOptions, loadConfigFile } from './config/load-file.ts';
export { type PeerHandle, type PeerOptions, peer, queueAll } from './config/peer.ts';
export type { PeerRequest } from './config/peer-control.ts';
export { renderError } from './config/report.ts';
export { type SaintmodeHandle, type SaintmodeOptions, saintmode } from './config/saintmode.ts';
export {
  type ShardDirectorHandle,
  type ShardMember,
  type ShardMemberOptions,
  type ShardOptions,
  type ShardParamHandle,
  shard,
  shardParam,
} from './config/shard.ts';
export type { ShardHealth } from './config/shard-declaration.ts';
export type { ShardParamUse, ShardUse } from './config/shard-use.ts';
export { synth } from './config/synth.ts';
export { createProxy } from './create-proxy.ts';
export type { Duration } from './duration.ts';
export { type ErrorCode, type Place, TroupeError } from './errors.ts';
export type { Identity } from './identity.ts';
export type { StoreFigures } from './proxy/cache/object-store.ts';
export type { DirectorDispatcher } from './proxy/embedding/dispatcher.ts';
export type { RequestHandler } from './proxy/embedding/handler.ts';
export type { UpgradeHandler } from './proxy/embedding/upgrades.ts';
export type { HeaderFields } from './proxy/http/fields.ts';
export type { PeerFailureCause } from './proxy/peer/order.ts';
export type { PeerEntry, PeerResult } from './proxy/peer/peer-operation.ts';
export type { PeerFigures } from './proxy/peer/running-peer.ts';
export type { BackendStats } from './proxy/request/backend-record.ts';
export type { FailureEntry, HookErrorEntry } from './proxy/request/request-log.ts';
export type {
  BackendTry,
  FailedRequest,
  Failure,
  HookMistake,
  RequestReport,
} from './proxy/request/request-report.ts';
export type { Ending, ResponseCounts, TrafficStats } from './proxy/request/traffic.ts';
export type { ProxyLog } from './proxy-log.ts';
export type { BackendFigures, ProxyStats } from './proxy-stats.ts';
export type {
  CacheOptions,
  ConfigSource,
  ProxyConfigEntry,
  ProxyOptions,
  TroupeProxy,
} from './troupe-proxy.ts';
export { defineVmod, type VmodOptions, vmodFunction, vmodMethod, vmodObject } from './vcl/define-vmod.ts';
export type { FieldRef, IpValue, VclContext, Vmod, VmodFunction, VmodObject } from './vcl/vmod.ts';
