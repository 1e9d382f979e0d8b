/** Loads a config for simulated worlds: as for a real one, but nobody is asked for addresses. */
import { readFile } from 'node:fs/promises';
import { loadConfigFile } from '../config/load-file.ts';
import { resolveBackends } from '../config/resolve-hosts.ts';
import { madeUpAddresses } from '../simulation/made-up-addresses.ts';
import type { LoadedSource } from '../simulation/world.ts';

/**
 * @returns what loads it anew, each time with the same addresses
 * @throws TroupeError what is wrong with it
 */
export async function loaderFor(file: string): Promise<() => Promise<LoadedSource>> {
  const lookup = madeUpAddresses();
  const load = async (): Promise<LoadedSource> => {
    const config = await loadConfigFile(file);
    return { config, backends: await resolveBackends(config.backends, lookup) };
  };
  await load();
  return load;
}

/** The text of a config, with what it includes or imports from beside it as far as that is found. */
export async function textOf(file: string, seen = new Set<string>()): Promise<string> {
  if (seen.has(file)) return '';
  seen.add(file);
  const text = await readFile(file, 'utf8').catch(() => '');
  const parts = [text];
  for (const [, double, single] of text.matchAll(/\b(?:include|import|from)\s+(?:"([^"]+)"|'([^']+)')/g)) {
    const name = double ?? single ?? '';
    if (!/\.(?:vcl|[mc]?[jt]s)$/.test(name)) continue;
    parts.push(await textOf(new URL(name, `file://${file}`).pathname, seen));
  }
  return parts.join('\n');
}
