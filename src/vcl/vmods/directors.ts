/**
 * vmod directors: vmod_directors(3). A director is named by what `backend()` returns, and picks when the fetch
 * begins.
 */
import type { PolicyDeclaration } from '../../config/declaration.ts';
import { currentScope } from '../../config/hook-scope.ts';
import type { BackendRef } from '../../config/hooks.ts';
import { parseSignature } from '../signature.ts';
import {
  bound,
  byName,
  fn,
  type VclContext,
  type Vmod,
  type VmodFunction,
  type VmodObject,
} from '../vmod.ts';
import { reconfigurePending, shard } from './shard.ts';
import { shardParam } from './shard-param.ts';
import { targetName } from './target-name.ts';

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

/** In vcl_init at once, as what is made of it there keeps no key. */
function pickByKey({ req, bereq, resolve }: VclContext, self: string, key: string): BackendRef | undefined {
  const ref = { name: self, key };
  const isLoading = req === undefined && bereq === undefined && resolve !== undefined;
  return isLoading ? resolve(ref) : ref;
}

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

export const directors: Vmod = {
  name: 'directors',
  functions: byName([
    bound(
      'BACKEND lookup(STRING)',
      ({ targets }) =>
        ({ req, bereq }, name: string | undefined): BackendRef | undefined => {
          if (req !== undefined || bereq !== undefined) {
            throw new Error('lookup() may only be called from vcl_init/vcl_fini');
          }
          return name !== undefined && targets.has(name) ? name : undefined;
        },
    ),
  ]),
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
      fn('BACKEND .backend(STRANDS)', pickByKey),
    ]),
    shard,
    shard_param: shardParam,
  },
  afterHook: reconfigurePending,
};
