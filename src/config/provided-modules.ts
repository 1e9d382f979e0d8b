/**
 * What a config file gets when it imports 'troupe' or 'troupe/testing': this very package, whether or not the folder of the file
 * has one installed. So the handles that it makes are ours, and no second copy is loaded.
 */
import { extname } from 'node:path';
import { TroupeError } from '../errors.ts';
import { didYouMean } from './suggest.ts';

/**
 * The package's entry, as source or built. Imported when a file is loaded and not before, because the entry
 * itself imports what loads files.
 */
const entry = new URL(`../index${extname(import.meta.url)}`, import.meta.url);

/** Only what is proved needs it: it brings fast-check along. */
const testingEntry = new URL(`../testing/index${extname(import.meta.url)}`, import.meta.url);

/** Imports a module that is there already. */
export type ProvideModule = () => Promise<unknown>;

/** Modules by specifier. */
export const providedModules: ReadonlyMap<string, ProvideModule> = new Map([
  provided('troupe', entry),
  provided('troupe/testing', testingEntry),
]);

function provided(specifier: string, { href }: URL): [string, ProvideModule] {
  return [specifier, async () => strict(specifier, (await import(href)) as object)];
}

/**
 * A module whose missing exports are mistakes, not undefined: transpiled imports would not tell otherwise.
 * What is there is found on the object itself, at no cost.
 */
function strict(specifier: string, namespace: object): object {
  const missing = new Proxy(
    {},
    {
      get(_target, name) {
        // What `await` and Babel's helpers ask any value for.
        if (typeof name === 'symbol' || name === 'then' || name === '__esModule') return undefined;
        const message =
          name === 'default'
            ? `'${specifier}' has no default export.`
            : `'${specifier}' has no export '${name}'.`;
        const advice =
          didYouMean(name, Object.keys(namespace)) ?? `It exports ${Object.keys(namespace).join(', ')}.`;
        throw new TroupeError('config.invalid', message, { side: 'troupe', advice });
      },
    },
  );
  return Object.assign(Object.create(missing), namespace);
}
