/**
 * Peers that are Node programs: one file says how such a peer is built and, run by itself in a process of
 * its own, serves.
 */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

/**
 * @param {string} url of the peer's file
 * @param {{
 *   name: string,
 *   package: string,
 *   serve: (ports: { port: number, origin: number }) => unknown,
 * }} peer package: the one whose version is reported
 */
export function nodePeer(url, { name, package: packageName, serve }) {
  const file = fileURLToPath(url);
  if (process.argv[1] === file) {
    const [port = 0, origin = 0] = process.argv.slice(2).map(Number);
    serve({ port, origin });
  }
  return {
    name,
    version: () => installedVersion(packageName),
    command: ({ port, origin }) => [process.execPath, file, String(port), String(origin)],
  };
}

function installedVersion(packageName) {
  try {
    const file = new URL(`../../node_modules/${packageName}/package.json`, import.meta.url);
    return JSON.parse(readFileSync(file, 'utf8')).version;
  } catch {
    return undefined;
  }
}
