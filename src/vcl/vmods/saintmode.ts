/**
 * vmod saintmode: vmod_saintmode(3). Names with `deny` are those of newer versions, the others those of varnish-modules
 * 0.20. Counts are of the backend's list, which all configs share that declare the same backend.
 */
import type { SaintmodeDeclaration } from '../../config/declaration.ts';
import { currentScope } from '../../config/hook-scope.ts';
import type { BackendRef } from '../../config/hooks.ts';
import { parseSignature } from '../signature.ts';
import { bound, byName, fn, type VclContext, type Vmod } from '../vmod.ts';

function denylist({ deny, beresp, log }: VclContext, seconds: number): void {
  // A page that a program makes has a body that it can be given.
  if (deny === undefined || beresp === undefined || 'body' in beresp) {
    log('saintmode.denylist() called outside of vcl_backend_response');
  } else deny(seconds * 1_000);
}

function count(_context: VclContext, self: string): number {
  return currentScope('denylist_count').saintCount(self);
}

/** JSON, laid out as varnishd does. @param objects of the program that runs */
function status(objects: readonly SaintmodeDeclaration[]): string {
  const lines = objects.map(({ name, backend, threshold }) => {
    const values = { name, backend, count: currentScope('status').saintCount(name), threshold };
    const members = Object.entries(values).map(
      ([key, value]) => `"${key}": ${JSON.stringify(String(value))}`,
    );
    return `\t\t{ ${members.join(', ')} }`;
  });
  return `{\n\t"saintmode": [\n${lines.join(',\n')}\n\t]\n}`;
}

export const saintmode: Vmod = {
  name: 'saintmode',
  functions: byName([
    fn('VOID denylist(DURATION expires)', denylist),
    fn('VOID blacklist(DURATION expires)', denylist),
    bound(
      'STRING status()',
      ({ saintmodes }) =>
        () =>
          status(saintmodes),
    ),
  ]),
  objects: {
    saintmode: {
      signature: parseSignature('saintmode(BACKEND backend, INT threshold)'),
      create(name, [backend, threshold]) {
        if (typeof backend !== 'string') throw new RangeError('Missing backend for saintmode.');
        const limit = Number(threshold);
        if (limit < 0) throw new RangeError('threshold must be from 0');
        return { self: name, saintmode: { name, backend, threshold: limit } };
      },
      methods: byName([
        fn('BACKEND .backend()', (_context, self: string): BackendRef => self),
        fn('INT .denylist_count()', count),
        fn('INT .blacklist_count()', count),
        // For this very request, where `std.healthy()` knows of the whole list only.
        fn('BOOL .is_healthy()', (context, self: string) => context.resolve?.(self) !== undefined),
      ]),
    },
  },
};
