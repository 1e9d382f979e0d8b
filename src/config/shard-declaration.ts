/** What a config declares of shard directors: plain data. Names and defaults: vmod_directors(3), shard. */

/** What a request is placed on the ring by. `blob` differs from `key` only in how the key was given. */
export type ShardKeying = 'hash' | 'url' | 'key' | 'blob';

/** Which health counts: only that of the member picked, none, or also that of those that `alt` passes over. */
export type ShardHealth = 'chosen' | 'ignore' | 'all';

/** Options of a pick; what is left out is decided by the next one asked. */
export interface ShardChoice {
  readonly by?: ShardKeying | undefined;
  /** With `key` and `blob`: a whole number of 32 bits. */
  readonly key?: number | undefined;
  /** Which alternative: 0 is the member preferred for the key. */
  readonly alt?: number | undefined;
  /** Share of the requests that goes to the next alternative, 0 to 1; -1: as the director has it. */
  readonly warmup?: number | undefined;
  /** Whether members that have just become healthy get requests little by little. */
  readonly rampup?: boolean | undefined;
  readonly healthy?: ShardHealth | undefined;
  readonly param?: ShardParamDeclaration | undefined;
}

/** A parameter set: options that several shard directors share. VCL: `directors.shard_param()`. */
export interface ShardParamDeclaration {
  /** Unlike any director's name. */
  readonly id: string;
  /** What it begins with; an init hook may change it. */
  readonly choice: ShardChoice;
}

export interface ShardDeclaration {
  readonly kind: 'shard';
  /** Points of a member of weight 1. At least 1. */
  readonly replicas: number;
  /** Default of a choice's `warmup`: from 0, below 1. */
  readonly warmup: number;
  /** Milliseconds after a member has become healthy in which it gets less; 0: none. */
  readonly rampupMs: number;
  /** Its own options, which come before those of its parameter set. */
  readonly choice: ShardChoice;
}

/** vmod_directors(3): `xshard.reconfigure()`, `.set_warmup()`, `.set_rampup()`. */
export const shardDefaults = { replicas: 67, warmup: 0, rampupMs: 0 } as const;

/** Points that one ring may have: 12 bytes each, and 1 µs to compute. varnishd's limit is its memory. */
export const MOST_SHARD_POINTS = 10_000_000;
