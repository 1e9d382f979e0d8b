/** What a program in JavaScript may have got wrong in the options of `createProxy`. */
import { fetchLimitDefaults } from './config/declaration.ts';
import { showValue } from './config/show-value.ts';
import { didYouMean } from './config/suggest.ts';
import { TroupeError } from './errors.ts';
import { banDefaults } from './proxy/cache/ban-settings.ts';
import { defaultLimits } from './proxy/listener/listener-limits.ts';
import { requestLimitDefaults } from './proxy/request/environment.ts';

/** Options, numbers but for a few: by group, those at the top first. */
const numbers: Readonly<Record<string, readonly string[]>> = {
  '': ['saintEntries', 'failedRequests', 'drainTimeout', 'cooldown'],
  cache: ['size', 'defaultTtl', 'defaultGrace', 'defaultKeep'],
  bans: Object.keys(banDefaults),
  listener: Object.keys(defaultLimits),
  requests: Object.keys(requestLimitDefaults),
  fetch: Object.keys(fetchLimitDefaults),
};
const others = ['log', 'vcl'];
/** Options that are true or false. */
const switches = ['bans.dropsEqual'];

/** @throws TroupeError `troupe.illegal-option`: an option that there is not, or a value that it cannot have */
export function checkProxyOptions(options: object): void {
  const groups = Object.keys(numbers).filter((group) => group !== '');
  for (const [group, names] of Object.entries(numbers)) {
    const given: unknown = group === '' ? options : Reflect.get(options, group);
    if (given === undefined) continue;
    if (typeof given !== 'object' || given === null) {
      throw illegal(`${group} must be an object, but is ${showValue(given)}`);
    }
    const known = group === '' ? [...names, ...groups, ...others] : names;
    for (const [name, value] of Object.entries(given)) {
      const path = group === '' ? name : `${group}.${name}`;
      if (!known.includes(name)) {
        throw illegal(
          `there is no option '${path}'`,
          didYouMean(name, known) ?? `There are ${known.join(', ')}.`,
        );
      }
      if (value === undefined || !names.includes(name)) continue;
      if (path === 'cache.size' && typeof value === 'object') {
        checkStorages(value);
        continue;
      }
      if (switches.includes(path)) {
        if (typeof value === 'boolean') continue;
        throw illegal(`${path} must be true or false, but is ${showValue(value)}`);
      }
      if (typeof value !== 'number' || !(value >= 0)) {
        throw illegal(`${path} must be a number of at least 0, but is ${showValue(value)}`, unitOf(name));
      }
    }
  }
}

function checkStorages(sizes: object | null): void {
  const entries = Object.entries(sizes ?? {});
  if (entries.length === 0) throw illegal('cache.size must be a number, or name at least one storage');
  for (const [name, bytes] of entries) {
    if (!/^[A-Za-z][\w-]*$/.test(name)) {
      throw illegal(
        `cache.size: ${showValue(name)} is no name of a storage: it has letters, digits, - and _`,
      );
    }
    if (typeof bytes !== 'number' || !(bytes >= 0)) {
      throw illegal(`cache.size.${name} must be a number of at least 0, but is ${showValue(bytes)}`);
    }
  }
}

function unitOf(name: string): string | undefined {
  return /timeout|cooldown|ttl|grace|keep|ms$/i.test(name) ? 'It is in milliseconds.' : undefined;
}

function illegal(message: string, advice?: string): TroupeError {
  return new TroupeError('troupe.illegal-option', `createProxy: ${message}`, { side: 'troupe', advice });
}
