/** Made-up configs: many probed backends under directors. */
import { fromDist } from '../support/dist.mjs';

const { identityOf } = await fromDist('identity');
const { fetchLimitDefaults, probeDefaults } = await fromDist('config/declaration');
const { shardDefaults } = await fromDist('config/shard-declaration');

const FIRST_PORT = 10_000;

/**
 * @param {number} count
 * @param {string | undefined} probeUrl undefined: no probes
 * @param {number} [onePort] of all; default: each has its own
 */
export function manyBackends(count, probeUrl, onePort) {
  const probe = probeUrl === undefined ? {} : { probe: { ...probeDefaults, initial: 2, url: probeUrl } };
  return Array.from({ length: count }, (_, i) => {
    const port = onePort ?? FIRST_PORT + i;
    const addresses = { kind: 'tcp', ipv4: '127.0.0.1', port };
    const name = `b${i}`;
    return {
      name,
      endpoint: { kind: 'tcp', host: '127.0.0.1', port },
      hostHeader: '127.0.0.1',
      limits: fetchLimitDefaults,
      addresses,
      identity: identityOf(name, addresses),
      ...probe,
    };
  });
}

/** Directors d0, d1, ... that all have the same members. */
export function manyDirectors(count, policy, targets) {
  const members = targets.map((target, i) => ({ target, weight: 1 + (i % 3) }));
  return Array.from({ length: count }, (_, i) => ({ name: `d${i}`, policy, members }));
}

/** A shard director with its defaults. */
export function shardPolicy(options = {}) {
  return { kind: 'shard', ...shardDefaults, choice: {}, ...options };
}

/** @returns a config, as front ends make it, with its backends resolved already */
export function configOf({ backends, directors = [], saintmodes = [] }) {
  const defaultTarget = directors[0]?.name ?? backends[0]?.name;
  return { backends, directors, saintmodes, defaultTarget, hooks: {}, file: undefined };
}
