/**
 * One loading of a config: its name and the number of the loading. Names return after a discard, keys
 * never do, so a late message to a discarded config cannot reach its successor.
 */
declare const configKeyBrand: unique symbol;

export type ConfigKey = string & { readonly [configKeyBrand]: 'ConfigKey' };

export function configKeyOf(name: string, generation: number): ConfigKey {
  return `${name}@${generation}` as ConfigKey;
}
