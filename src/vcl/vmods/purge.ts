/** vmod purge: vmod_purge(3). */
import type { PurgeOptions } from '../../config/hooks.ts';
import { byName, fn, type VclContext, type Vmod } from '../vmod.ts';

function purged({ purge }: VclContext, options?: PurgeOptions): number {
  if (purge === undefined) throw new Error('purge is only available in vcl_hit and vcl_miss');
  return purge(options);
}

/** Seconds to milliseconds; negative: no bound. */
function bound(seconds: number): number | undefined {
  return seconds < 0 ? undefined : seconds * 1_000;
}

export const purge: Vmod = {
  name: 'purge',
  objects: {},
  functions: byName([
    fn('INT hard()', (context) => purged(context)),
    fn(
      'INT soft(DURATION ttl = 0, DURATION grace = -1, DURATION keep = -1)',
      (context, ttl: number, grace: number, keep: number) =>
        purged(context, {
          soft: true,
          ttl: bound(ttl) ?? Number.POSITIVE_INFINITY,
          grace: bound(grace),
          keep: bound(keep),
        }),
    ),
  ]),
};
