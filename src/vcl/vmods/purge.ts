/** vmod purge: vmod_purge(3). */
import { byName, fn, type VclContext, type Vmod } from '../vmod.ts';

function purged({ purge }: VclContext, soft: boolean): number {
  if (purge === undefined) throw new Error('purge is only available in vcl_hit and vcl_miss');
  return purge({ soft });
}

export const purge: Vmod = {
  name: 'purge',
  objects: {},
  functions: byName([
    fn('INT hard()', (context) => purged(context, false)),
    fn(
      'INT soft(DURATION ttl = 0, DURATION grace = -1, DURATION keep = -1)',
      (context, ttl: number, grace: number, keep: number) => {
        if (ttl > 0 || grace >= 0 || keep >= 0) {
          throw new Error('purge.soft() takes no ttl, grace or keep in Troupe yet');
        }
        return purged(context, true);
      },
    ),
  ]),
};
