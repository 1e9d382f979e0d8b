/**
 * A user's own invariants: what a module exports by default, or as `invariants`. `shop.prove.ts` beside `shop.vcl` or
 * `shop.config.ts` is found by itself.
 */
import { access } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import { loadModule } from '../../config/load-module.ts';
import { TroupeError } from '../../errors.ts';
import type { Invariant } from '../invariant.ts';

/**
 * @param file the config
 * @param named modules with more of them
 * @throws TroupeError what is wrong with a module
 */
export async function invariantsFor(file: string, named: readonly string[]): Promise<Invariant[]> {
  const found: Invariant[] = [];
  for (const path of await modulesFor(file, named)) found.push(...(await invariantsIn(path)));
  return found;
}

/** The modules with a user's own invariants for a config. */
export async function modulesFor(file: string, named: readonly string[]): Promise<string[]> {
  const beside = await moduleBeside(file);
  return [...(beside === undefined ? [] : [beside]), ...named];
}

async function moduleBeside(file: string): Promise<string | undefined> {
  const name = basename(file, extname(file));
  // `shop.config.ts` and `shop.staging.vcl` are about the shop.
  const stems = new Set([name, name.replace(/\..*$/, '')]);
  for (const path of [...stems].map((stem) => join(dirname(file), `${stem}.prove.ts`))) {
    if (path === file) continue;
    const isThere = await access(path).then(
      () => true,
      () => false,
    );
    if (isThere) return path;
  }
  return undefined;
}

async function invariantsIn(path: string): Promise<readonly Invariant[]> {
  const { namespace, file } = await loadModule(path);
  const exported = namespace['invariants'] ?? namespace['default'];
  const list: readonly unknown[] = Array.isArray(exported) ? exported : [exported];
  if (list.length > 0 && list.every(isInvariant)) return list;
  throw new TroupeError('config.invalid', 'this module exports no invariants.', {
    side: 'troupe',
    place: { file, line: 1, column: 1 },
    advice:
      "Write: export default [invariant('what holds', (run) => ...)], with invariant from 'troupe/testing'.",
  });
}

function isInvariant(value: unknown): value is Invariant {
  return typeof value === 'object' && value !== null && 'name' in value && 'judge' in value;
}
