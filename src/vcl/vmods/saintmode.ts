/** vmod saintmode: vmod_saintmode(3). */
import type { BackendRef } from '../../config/hooks.ts';
import { parseSignature } from '../signature.ts';
import { byName, fn, type VclContext, type Vmod } from '../vmod.ts';

function denylist({ deny, log }: VclContext, seconds: number): void {
  if (deny === undefined) log('saintmode.denylist() is called where no backend has been asked');
  else deny(seconds * 1_000);
}

export const saintmode: Vmod = {
  name: 'saintmode',
  functions: byName([
    fn('VOID denylist(DURATION expires)', denylist),
    fn('VOID blacklist(DURATION expires)', denylist),
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
        fn('BOOL .is_healthy()', ({ healthy }, self: string) => healthy?.(self) ?? false),
      ]),
    },
  },
};
