/** Vmods that a user has written: modules that `--vmod` names. */
import { loadModule } from '../config/load-module.ts';
import { TroupeError } from '../errors.ts';
import { isDefinedVmod } from './define-vmod.ts';
import type { Vmod } from './vmod.ts';
import { knownVmods } from './vmods/known-vmods.ts';

/**
 * @param own files, or vmods
 * @returns those that come with Troupe and these, by their names
 * @throws TroupeError `config.unreadable`, `config.syntax`, `config.invalid`
 */
export async function vmodsWith(own: readonly (string | Vmod)[]): Promise<ReadonlyMap<string, Vmod>> {
  if (own.length === 0) return knownVmods;
  const vmods = new Map(knownVmods);
  for (const one of own) {
    const vmod = typeof one === 'string' ? await loadVmod(one) : one;
    if (vmods.has(vmod.name)) {
      const where = typeof one === 'string' ? `${one}: ` : '';
      throw new TroupeError('config.invalid', `${where}there is a vmod ${vmod.name} already.`, {
        side: 'troupe',
        advice: 'Give it another name.',
      });
    }
    vmods.set(vmod.name, vmod);
  }
  return vmods;
}

async function loadVmod(path: string): Promise<Vmod> {
  const { file, namespace } = await loadModule(path);
  const vmod = namespace['default'];
  if (isDefinedVmod(vmod)) return vmod;
  throw new TroupeError('config.invalid', `${path}: a vmod's default export is what defineVmod() returns.`, {
    side: 'troupe',
    place: { file, line: 1, column: 1 },
    advice: "Begin with: import { defineVmod, vmodFunction } from 'troupe';",
  });
}
