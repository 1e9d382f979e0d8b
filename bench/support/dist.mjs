/** Troupe's own modules, as built. */
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const DIST = new URL('../../dist/', import.meta.url);

/**
 * @param {string} path below src/, without the ending
 * @returns {Promise<Record<string, unknown>>} what the module exports
 */
export async function fromDist(path) {
  const url = new URL(`${path}.js`, DIST);
  if (!existsSync(fileURLToPath(url))) throw new Error(`dist/${path}.js is missing; run npm run build first`);
  return import(url.href);
}
