/** Everything that is compared. Troupe comes first: the others are shown as ratios to it. */
import { fastifyHttpProxy } from './fastify-http-proxy.mjs';
import { haproxy } from './haproxy.mjs';
import { httpProxy } from './http-proxy.mjs';
import { nginx } from './nginx.mjs';
import { nodeHttp } from './node-http.mjs';
import { troupe } from './troupe.mjs';
import { varnishd, varnishdWithoutLog } from './varnishd.mjs';

/**
 * @typedef {object} Peer
 * @property {string} name
 * @property {() => string | undefined} version undefined: not installed here
 * @property {(place: { port: number, origin: number, dir: string, file?: string }) => string[]} command what to
 *   start; `origin` is the origin's port, `dir` a directory of its own, `file` a configuration in place of its own
 */

/** @type {readonly Peer[]} */
export const peers = [
  troupe,
  nodeHttp,
  httpProxy,
  fastifyHttpProxy,
  nginx,
  haproxy,
  varnishd,
  varnishdWithoutLog,
];
