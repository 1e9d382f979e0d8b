/**
 * Gives the handles of a config their names: the keys of `backends` and `directors`.
 *
 * A director or saintmode object may also be written where it is used, without a key. It is then named after
 * the place: `app.0` is the first member of `app`, `default` is what was given as default. A backend may not:
 * its name is part of its identity, by which configs share it, and must not depend on the order of a list.
 */
import { BackendHandle } from './backend.ts';
import { DirectorHandle } from './director.ts';
import { callOf, Handle, listOf, type RecordedCall } from './handle.ts';
import type { Mistake } from './mistake.ts';
import { readMembers } from './read-members.ts';
import { SaintmodeHandle } from './saintmode.ts';
import { showValue } from './show-value.ts';

export interface Naming {
  /** In the order in which the config lists them; those without a key last. */
  readonly names: ReadonlyMap<Handle, string>;
  readonly mistakes: readonly Mistake[];
  /** Mistakes whose advice names the variable to add, where the source shows one. */
  readonly unlisted: readonly Mistake[];
}

type List = ReturnType<typeof listOf>;

const makersOf: Readonly<Record<List, string>> = {
  backends: 'backend()',
  directors: 'saintmode() or a director function',
  peers: 'peer()',
};
const example: Readonly<Record<List, string>> = { backends: 'app', directors: 'app', peers: 'neighbour' };

/** VCL's identifiers, and a leading underscore. Names stand in identities, `b1(127.0.0.1:80,)`, and in commands. */
const legalName = /^[A-Za-z_][A-Za-z0-9_-]*$/;

/**
 * @param call the call of defineConfig
 * @param input its argument, an object
 */
export function nameHandles(call: RecordedCall, input: Readonly<Record<string, unknown>>): Naming {
  const { site } = call;
  const names = new Map<Handle, string>();
  const mistakes: Mistake[] = [];
  const unlisted: Mistake[] = [];
  const reported = new Set<Handle>();

  function nameListed(list: List): void {
    const entries = input[list];
    if (entries === undefined && list !== 'backends') return;
    if (typeof entries !== 'object' || entries === null || Array.isArray(entries)) {
      const path = entries === undefined ? [] : [0, list];
      const message = `${list} must be an object with a key for each name, but is ${showValue(entries)}.`;
      mistakes.push({ site, path, message, advice: `For example: ${list}: { ${example[list]} }.` });
      return;
    }
    for (const [name, handle] of Object.entries(entries)) {
      const mistake = listedMistake(list, name, handle);
      if (mistake === undefined) names.set(handle as Handle, name);
      else mistakes.push({ site, path: [0, list, name], ...mistake });
    }
  }

  function listedMistake(
    list: List,
    name: string,
    handle: unknown,
  ): Pick<Mistake, 'message' | 'advice'> | undefined {
    const makers = makersOf[list];
    if (!(handle instanceof Handle)) {
      return { message: `${list}.${name} must be made by ${makers}, but is ${showValue(handle)}.` };
    }
    if (listOf(handle) !== list) {
      return { message: `${name} is a ${handle.kind}.`, advice: `List it in ${listOf(handle)}.` };
    }
    if (!legalName.test(name)) {
      const message = `${showValue(name)} cannot be a name: letters, digits, - and _ can, beginning with a letter or _.`;
      return { message, advice: 'Write the name as a key: { app: app$ }.' };
    }
    const other = names.get(handle);
    if (other !== undefined) {
      const message = `${name} is the same ${handle.kind} as ${other}.`;
      return { message, advice: 'Call the function once for each name.' };
    }
    return undefined;
  }

  /** @param used where: for the mistake if it is a backend, and for its name otherwise */
  function nameUsed(handle: Handle, name: string, used: Pick<Mistake, 'site' | 'path'>): void {
    if (!names.has(handle)) {
      if (!(handle instanceof BackendHandle)) {
        names.set(handle, name);
        nameMembers(handle, name);
      } else if (!reported.has(handle)) {
        reported.add(handle);
        unlisted.push({ ...used, message: 'this backend has no name.' });
      }
    }
  }

  function nameMembers(handle: Handle, name: string): void {
    const { site, args } = callOf(handle);
    if (handle instanceof SaintmodeHandle) {
      if (args[0] instanceof BackendHandle) nameUsed(args[0], '', { site, path: [0] });
    } else if (handle instanceof DirectorHandle) {
      const read = readMembers(handle);
      mistakes.push(
        ...read.mistakes.map((mistake) => ({ ...mistake, message: `${name}: ${mistake.message}` })),
      );
      for (const { target, index } of read.members)
        nameUsed(target, `${name}.${index}`, { site, path: [0, index] });
    }
  }

  nameListed('backends');
  nameListed('directors');
  nameListed('peers');
  for (const [handle, name] of [...names]) nameMembers(handle, name);
  const { default: byDefault } = input;
  if (byDefault instanceof Handle) nameUsed(byDefault, 'default', { site, path: [0, 'default'] });
  else if (byDefault !== undefined) {
    const message = `default must be a backend, a saintmode object or a director, but is ${showValue(byDefault)}.`;
    mistakes.push({ site, path: [0, 'default'], message });
  }

  for (const [handle, name] of names) {
    Handle.giveName(handle, name);
    const given = Handle.nameOf(handle);
    if (given === name) continue;
    const message = `${name} is called ${given} in another config: a handle has one name.`;
    mistakes.push({ site, path: [0, listOf(handle), name], message, advice: 'Use the same key in both.' });
  }
  return { names, mistakes, unlisted };
}
