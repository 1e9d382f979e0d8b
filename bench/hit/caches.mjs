/** The caches that are compared, each with a store that holds everything. Troupe comes first. */
import { join } from 'node:path';
import { nginx } from '../peers/nginx.mjs';
import { troupe } from '../peers/troupe.mjs';
import { varnishd, varnishdWithoutLog } from '../peers/varnishd.mjs';
import { fillTemplate } from '../support/template.mjs';

const here = (name) => new URL(name, import.meta.url);

const troupeWith = (config, store) => (place) => [
  ...troupe.command({ ...place, file: fillTemplate(here(config), place.dir, place) }),
  ...['-s', store],
];

/**
 * Troupe with a store that is too small for what is asked for in turn, so that every request is a miss, and the same
 * past the store.
 *
 * @type {readonly import('../peers/peers.mjs').Peer[]}
 */
export const missAndPass = [
  { ...troupe, name: 'miss', command: troupeWith('./troupe.config.ts', 'malloc,16m') },
  { ...troupe, name: 'pass', command: troupeWith('./troupe-pass.config.ts', 'malloc,16m') },
];

/** @type {readonly import('../peers/peers.mjs').Peer[]} */
export const caches = [
  { ...troupe, command: troupeWith('./troupe.config.ts', 'malloc,1g') },
  ...[varnishd, varnishdWithoutLog].map((peer) => ({
    ...peer,
    command: (place) => {
      const file = fillTemplate(here('./varnishd.vcl'), place.dir, place);
      return peer.command({ ...place, file }).map((word) => (word === 'malloc,64m' ? 'malloc,1g' : word));
    },
  })),
  {
    ...nginx,
    command: ({ port, origin, dir }) => {
      const values = { port, origin, dir, cache: join(dir, 'cache') };
      const file = fillTemplate(here('./nginx.conf'), dir, values);
      return ['nginx', '-c', file, '-p', dir];
    },
  },
];
