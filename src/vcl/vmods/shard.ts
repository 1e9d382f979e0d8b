/** directors.shard(): vmod_directors(3). */
import { currentScope, type HookScope } from '../../config/hook-scope.ts';
import type { BackendRef } from '../../config/hooks.ts';
import { type ShardChoice, shardDefaults } from '../../config/shard-declaration.ts';
import type { ShardMemberChange } from '../../config/shard-scope.ts';
import type { ShardUse } from '../../config/shard-use.ts';
import { shardKey } from '../../shard-key.ts';
import { parseSignature } from '../signature.ts';
import { byName, fn, type VclContext, type VmodObject } from '../vmod.ts';
import {
  isShardParam,
  readShardArguments,
  type ShardArguments,
  shardParameters,
  useOf,
} from './shard-param.ts';
import { targetName } from './target-name.ts';

/** Changes of the ring that a hook has asked for, by director: they take effect together, when it ends. */
const pending = new Map<string, ShardMemberChange[]>();

/** Directors that vcl_init has given a parameter set, which may say what places a request on the ring. */
const associated = new WeakMap<HookScope, Set<string>>();

/** What hooks have asked for and not taken in by themselves. */
export function reconfigurePending(): void {
  if (pending.size === 0) return;
  for (const self of [...pending.keys()]) takeIn(self, undefined);
}

function change(self: string, what: ShardMemberChange): boolean {
  const changes = pending.get(self);
  if (changes === undefined) pending.set(self, [what]);
  else changes.push(what);
  return true;
}

/** @returns whether there is a member now, unless there was nothing to take in */
function takeIn(self: string, replicas: number | undefined): boolean {
  const changes = pending.get(self);
  if (changes === undefined) return true;
  pending.delete(self);
  const { shards } = currentScope('reconfigure');
  shards.change(self, changes, replicas);
  return shards.size(self) > 0;
}

function reconfigure({ log }: VclContext, self: string, replicas: number): boolean {
  if (replicas < 1) {
    log(`${self}.reconfigure(): replicas is ${replicas}; nothing has changed`);
    return false;
  }
  const hasMembers = takeIn(self, replicas);
  if (!hasMembers) log(`${self}.reconfigure(): no backends`);
  return hasMembers;
}

function add(
  _context: VclContext,
  self: string,
  target: BackendRef | undefined,
  ident: string | undefined,
  rampup: number | undefined,
  weight: number | undefined,
): boolean {
  const name = targetName(target, `${self}.add_backend()`);
  const rampupMs = rampup === undefined ? undefined : rampup * 1_000;
  return change(self, { type: 'add', target: name, ident, weight, rampupMs });
}

function remove(
  { log }: VclContext,
  self: string,
  target: BackendRef | undefined,
  ident: string | undefined,
): boolean {
  if (target === undefined && ident === undefined) {
    log(`${self}.remove_backend(): at least one of backend and ident must be given`);
    return false;
  }
  const name = target === undefined ? undefined : targetName(target, '');
  return change(self, { type: 'remove', target: name, ident });
}

/**
 * What `NOW` looks up is looked up when the fetch begins, of what is known now: on the client's side that is the URL, in
 * place of a hash that is still to come.
 */
function pick(context: VclContext, self: string, ...given: readonly unknown[]): BackendRef | undefined {
  const [param, resolve] = given.slice(7) as [unknown, string | undefined];
  const args = given.slice(0, 7) as unknown as ShardArguments;
  const call = `${self}.backend()`;
  const { req, bereq } = context;
  const isLazy = resolve === undefined ? req === undefined && bereq === undefined : resolve === 'LAZY';
  if (param !== undefined && !isShardParam(param)) throw new Error(`${call} param invalid`);
  const hasArguments = param !== undefined || args.some((value) => value !== undefined);
  if (isLazy && !hasArguments) return self;
  const choice = readShardArguments(args, call);
  const use = { ...useOf(choice), ...(param === undefined ? {} : { param }) } as ShardUse;
  if (isLazy) {
    if (bereq === undefined) {
      throw new Error(
        '.backend(resolve=LAZY) with other parameters can only be used in backend/pipe context',
      );
    }
    bereq.shard(self, use);
    return self;
  }
  if (req === undefined && bereq === undefined) {
    throw new Error('.backend(resolve=NOW) can not be used in vcl_init{}/vcl_fini{}');
  }
  const hasParam = param !== undefined || associated.get(currentScope('backend'))?.has(self) === true;
  const placed = keying(context, choice, hasParam);
  const ref = { name: self, shard: { ...choice, ...placed, ...(param === undefined ? {} : { param }) } };
  // What this hook has asked for is not there yet: it must not be by the time of the fetch either.
  return pending.has(self) ? context.resolve?.(ref) : ref;
}

/** @param hasParam whether a parameter set may say what is left out */
function keying({ req, bereq }: VclContext, { by, key }: ShardChoice, hasParam: boolean): ShardChoice {
  if (key !== undefined) return { by: 'key', key };
  if (by === undefined && hasParam) return {};
  if (by !== 'url' && bereq !== undefined) return { by };
  return { by: 'key', key: shardKey(bereq?.url ?? req?.url ?? '') };
}

export const shard: VmodObject = {
  signature: parseSignature('shard()'),
  create: (name) => ({
    self: name,
    director: { name, policy: { kind: 'shard', ...shardDefaults, choice: {} }, members: [] },
  }),
  methods: byName([
    fn('BOOL .add_backend(BACKEND backend, [STRING ident], [DURATION rampup], [REAL weight])', add),
    fn('BOOL .remove_backend([BACKEND backend], [STRING ident])', remove),
    fn('BOOL .clear()', (_context, self: string) => change(self, { type: 'clear' })),
    fn('BOOL .reconfigure(INT replicas=67)', reconfigure),
    fn('VOID .set_warmup(REAL probability=0.0)', ({ log }, self: string, probability: number) => {
      // As in varnishd, which goes on without it.
      if (probability < 0 || probability >= 1) log(`${self}.set_warmup(${probability}) ignored`);
      else currentScope('set_warmup').shards.setWarmup(self, probability);
    }),
    fn('VOID .set_rampup(DURATION duration=0)', (_context, self: string, duration: number) =>
      currentScope('set_rampup').shards.setRampup(self, duration * 1_000),
    ),
    fn('VOID .associate([BLOB param])', (_context, self: string, param: unknown) => {
      if (param !== undefined && !isShardParam(param)) throw new Error('shard .associate param invalid');
      const scope = currentScope('associate');
      scope.shards.associate(self, param);
      const known = associated.get(scope) ?? new Set();
      associated.set(scope, known);
      if (param === undefined) known.delete(self);
      else known.add(self);
    }),
    fn('INT .key(STRANDS)', (_context, _self: string, text: string) => shardKey(text)),
    fn(`BACKEND .backend(${shardParameters}, [BLOB param], [ENUM {NOW, LAZY} resolve])`, pick),
    fn('VOID .debug(INT)', () => {}),
  ]),
};
