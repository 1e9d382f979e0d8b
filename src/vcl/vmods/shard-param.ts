/**
 * directors.shard_param(): vmod_directors(3). A set has what vcl_init gave it; a fetch may change it for itself.
 */
import { currentScope } from '../../config/hook-scope.ts';
import type { BackendRequest } from '../../config/hooks.ts';
import type { ShardChoice, ShardParamDeclaration } from '../../config/shard-declaration.ts';
import { readShardUse, type ShardParamUse } from '../../config/shard-use.ts';
import { keyOfBlob, shardKey } from '../../shard-key.ts';
import { parseSignature } from '../signature.ts';
import { byName, fn, type VclContext, type VmodObject } from '../vmod.ts';

/** Arguments of a pick as VCL has them, in the order of the prototypes; undefined: left out. */
export type ShardArguments = readonly [
  by: string | undefined,
  key: number | undefined,
  keyBlob: Uint8Array | undefined,
  alt: number | undefined,
  warmup: number | undefined,
  rampup: boolean | undefined,
  healthy: string | undefined,
];

export const shardParameters =
  '[ENUM {HASH, URL, KEY, BLOB} by], [INT key], [BLOB key_blob], [INT alt], [REAL warmup], [BOOL rampup], ' +
  '[ENUM {CHOSEN, IGNORE, ALL} healthy]';

/** @throws Error a sentence, as varnishd's */
export function readShardArguments(args: ShardArguments, call: string): ShardChoice {
  const [by, key, keyBlob, alt, warmup, rampup, healthy] = args;
  if (by !== 'KEY' && key !== undefined) throw new Error(`${call} key argument only valid with by=KEY`);
  if (by !== 'BLOB' && keyBlob !== undefined) {
    throw new Error(`${call} key_blob argument only valid with by=BLOB`);
  }
  if (by === 'KEY' && key === undefined)
    throw new Error(`${call} missing or invalid key argument with by=KEY`);
  if (by === 'KEY' && (Number(key) < 0 || Number(key) > 0xffff_ffff)) {
    throw new Error(`${call} invalid key argument ${key} with by=KEY`);
  }
  if (by === 'BLOB' && (keyBlob === undefined || keyBlob.length === 0)) {
    throw new Error(`${call} by=BLOB but no or empty key_blob argument`);
  }
  const use: Record<string, unknown> = { by: by?.toLowerCase(), key, keyBlob, alt, warmup, rampup };
  return readShardUse({ ...use, healthy: healthy?.toLowerCase() } as unknown as ShardParamUse, call);
}

/** What a program's set is, in its methods. */
class ShardParam implements ShardParamDeclaration {
  readonly id: string;
  readonly choice: ShardChoice = {};
  /** By vcl_init. */
  own: ShardChoice = {};
  /** By fetches, for themselves. */
  readonly #ofFetch = new WeakMap<BackendRequest, ShardChoice>();

  constructor(name: string) {
    this.id = `param:${name}`;
  }

  change(context: VclContext, given: ShardChoice, call: string): void {
    const { bereq, req } = context;
    if (bereq !== undefined) {
      this.#ofFetch.set(bereq, given);
      bereq.shard(this, useOf(given));
    } else if (req === undefined) {
      this.own = given;
      currentScope(call).shards.setParam(this.id, given);
    } else throw new Error(`${call} may only be used in vcl_init and in backend/pipe context`);
  }

  /** What a director would use now. */
  current({ bereq }: VclContext): ShardChoice {
    return { ...this.own, ...given(bereq === undefined ? undefined : this.#ofFetch.get(bereq)) };
  }
}

function given(choice: ShardChoice | undefined): ShardChoice {
  return Object.fromEntries(Object.entries(choice ?? {}).filter(([, value]) => value !== undefined));
}

/** The choice as a pick takes it. A blob's key is a number by now. */
export function useOf({ by, key, ...others }: ShardChoice): ShardParamUse {
  const keying = key === undefined ? { by } : { by: 'key', key };
  return { ...given(others), ...given(keying as ShardChoice) } as unknown as ShardParamUse;
}

export function isShardParam(value: unknown): value is ShardParamDeclaration {
  return value instanceof ShardParam;
}

function keyFor(context: VclContext, { by, key }: ShardChoice): number {
  if (key !== undefined) return key;
  const { req, bereq, requestHash } = context;
  if (by !== 'url' && bereq !== undefined && requestHash !== undefined) return keyOfBlob(requestHash);
  return shardKey(bereq?.url ?? req?.url ?? '');
}

export const shardParam: VmodObject = {
  signature: parseSignature('shard_param()'),
  create: (name) => ({ self: new ShardParam(name) }),
  methods: byName([
    fn('VOID .clear()', (context, self: ShardParam) => self.change(context, {}, '.clear()')),
    fn(`VOID .set(${shardParameters})`, (context, self: ShardParam, ...args: ShardArguments) => {
      const choice = given(readShardArguments(args, 'shard_param.set()'));
      // What vcl_init has said stays where it says nothing new.
      self.change(context, context.bereq === undefined ? { ...self.own, ...choice } : choice, '.set()');
    }),
    fn('STRING .get_by()', (context, self: ShardParam) => (self.current(context).by ?? 'hash').toUpperCase()),
    fn('INT .get_key()', (context, self: ShardParam) => keyFor(context, self.current(context))),
    fn('INT .get_alt()', (context, self: ShardParam) => self.current(context).alt ?? 0),
    fn('REAL .get_warmup()', (context, self: ShardParam) => self.current(context).warmup ?? -1),
    fn('BOOL .get_rampup()', (context, self: ShardParam) => self.current(context).rampup ?? true),
    fn('STRING .get_healthy()', (context, self: ShardParam) =>
      (self.current(context).healthy ?? 'chosen').toUpperCase(),
    ),
    fn('BLOB .use()', (_context, self: ShardParam) => self),
  ]),
};
