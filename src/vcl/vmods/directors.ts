/**
 * vmod directors: vmod_directors(3). A director is named by what `backend()` returns, and picks when the fetch
 * begins.
 */
import type { PolicyDeclaration } from '../../config/declaration.ts';
import { currentScope } from '../../config/hook-scope.ts';
import type { BackendRef } from '../../config/hooks.ts';
import { shardDefaults } from '../../config/shard-declaration.ts';
import type { ShardMemberChange } from '../../config/shard-scope.ts';
import { readShardUse, type ShardUse } from '../../config/shard-use.ts';
import { shardKey } from '../../shard-key.ts';
import { parseSignature } from '../signature.ts';
import { byName, fn, type VclContext, type Vmod, type VmodFunction, type VmodObject } from '../vmod.ts';

function targetName(target: BackendRef | undefined, call: string): string {
  if (target === undefined) throw new Error(`${call}: NULL backend cannot be added`);
  return typeof target === 'string' ? target : target.name;
}

/** @param weighted the prototype's parameters */
function addBackend(parameters: string): VmodFunction {
  const prototype = `VOID .add_backend(${parameters})`;
  return fn(
    prototype,
    (_context, self: string, target: BackendRef | undefined, weight: number | undefined) => {
      currentScope('add_backend').addMember(self, targetName(target, `${self}.add_backend()`), weight ?? 1);
    },
  );
}

const removeBackend = fn(
  'VOID .remove_backend(BACKEND)',
  (_context, self: string, target: BackendRef | undefined) => {
    if (target !== undefined) currentScope('remove_backend').removeMember(self, targetName(target, ''));
  },
);

const backend = fn('BACKEND .backend()', (_context, self: string): BackendRef => self);

function director(
  parameters: string,
  policy: (args: readonly unknown[]) => PolicyDeclaration,
  methods: readonly VmodFunction[],
): VmodObject {
  return {
    signature: parseSignature(parameters),
    create: (name, args) => ({ self: name, director: { name, policy: policy(args), members: [] } }),
    methods: byName(methods),
  };
}

/** Changes of the ring that a hook has asked for, by director: they take effect together, when it ends. */
const pending = new Map<string, ShardMemberChange[]>();

function change(self: string, what: ShardMemberChange): boolean {
  const changes = pending.get(self);
  if (changes === undefined) pending.set(self, [what]);
  else changes.push(what);
  return true;
}

function reconfigure(self: string, replicas: number | undefined): boolean {
  const changes = pending.get(self) ?? [];
  pending.delete(self);
  if (changes.length > 0) currentScope('reconfigure').shards.change(self, changes, replicas);
  return true;
}

function shardAdd(
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

function shardRemove(
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

function shardBackend(
  _context: VclContext,
  self: string,
  by: string,
  key: number | undefined,
  keyBlob: Uint8Array | undefined,
  alt: number | undefined,
  warmup: number | undefined,
  rampup: boolean | undefined,
  healthy: string | undefined,
): BackendRef {
  const use: Record<string, unknown> = { alt, warmup, rampup };
  if (healthy !== undefined) use['healthy'] = healthy.toLowerCase();
  if (by === 'KEY') use['key'] = key === undefined ? undefined : key >>> 0;
  else if (by === 'BLOB') use['keyBlob'] = keyBlob;
  else use['by'] = by.toLowerCase();
  return { name: self, shard: readShardUse(use as unknown as ShardUse, `${self}.backend()`) };
}

const shard = director('shard()', () => ({ kind: 'shard', ...shardDefaults, choice: {} }), [
  fn('BOOL .add_backend(BACKEND backend, [STRING ident], [DURATION rampup], [REAL weight])', shardAdd),
  fn('BOOL .remove_backend([BACKEND backend], [STRING ident])', shardRemove),
  fn('BOOL .clear()', (_context, self: string) => change(self, { type: 'clear' })),
  fn('BOOL .reconfigure(INT replicas=67)', (_context, self: string, replicas: number) =>
    reconfigure(self, replicas),
  ),
  fn('VOID .set_warmup(REAL probability=0.0)', (_context, self: string, probability: number) =>
    currentScope('set_warmup').shards.setWarmup(self, probability),
  ),
  fn('VOID .set_rampup(DURATION duration=0)', (_context, self: string, duration: number) =>
    currentScope('set_rampup').shards.setRampup(self, duration * 1_000),
  ),
  fn('INT .key(STRANDS)', (_context, _self: string, text: string) => shardKey(text)),
  fn(
    'BACKEND .backend(ENUM {HASH, URL, KEY, BLOB} by=HASH, [INT key], [BLOB key_blob], [INT alt], ' +
      '[REAL warmup], [BOOL rampup], [ENUM {CHOSEN, IGNORE, ALL} healthy], ENUM {NOW, LAZY} resolve=LAZY)',
    shardBackend,
  ),
  fn('VOID .debug(INT)', () => {}),
]);

export const directors: Vmod = {
  name: 'directors',
  functions: {},
  objects: {
    round_robin: director('round_robin()', () => ({ kind: 'round_robin' }), [
      addBackend('BACKEND'),
      removeBackend,
      backend,
    ]),
    fallback: director(
      'fallback(BOOL sticky=0)',
      ([sticky]) => ({ kind: 'fallback', sticky: sticky === true }),
      [addBackend('BACKEND'), removeBackend, backend],
    ),
    random: director('random()', () => ({ kind: 'random' }), [
      addBackend('BACKEND, REAL'),
      removeBackend,
      backend,
    ]),
    hash: director('hash()', () => ({ kind: 'hash' }), [
      addBackend('BACKEND, REAL weight=1.0'),
      removeBackend,
      fn(
        'BACKEND .backend(STRANDS)',
        (_context, self: string, key: string): BackendRef => ({
          name: self,
          key,
        }),
      ),
    ]),
    shard,
  },
  afterHook() {
    if (pending.size === 0) return;
    for (const self of [...pending.keys()]) reconfigure(self, undefined);
  },
};
