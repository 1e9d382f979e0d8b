/**
 * Vary: which fields of a request an answer was chosen by (RFC 9111 section 4.1), and the key under which one variant
 * is found. Values are normalised, so that clients that say the same in other words share a variant.
 *
 * Accept-Encoding takes no part: origins are asked for gzip whatever a client takes, and it is unpacked for those
 * that do not (as varnishd's http_gzip_support).
 */
import { type Fields, sameName } from '../http/fields.ts';
import { flat } from './flat-text.ts';

/** Names in lower case, sorted, each once; `all`: nothing stored can be chosen (`*`). */
export type Vary = readonly string[] | 'all';

const varies: Vary = [];
let lastValue = '';
let lastNames: Vary = varies;
/** Names from which on an answer is as good as chosen by everything: each look would compare so many fields. */
const MOST_NAMES = 64;
/** Fields whose values mean the same in either case. */
const caseless = new Set(['accept', 'accept-charset', 'accept-language']);

export function varyOf(fields: Fields): Vary {
  let first: string | undefined;
  const { raw } = fields;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length !== 4 || !sameName(name, 'vary')) continue;
    if (first !== undefined) return namesIn(fields.getAll('Vary'));
    first = raw[i + 1] as string;
  }
  if (first === undefined) return varies;
  // Most answers of a site say the same.
  if (first !== lastValue) {
    lastNames = namesIn([first]);
    lastValue = flat(first);
  }
  return lastNames;
}

function namesIn(values: readonly string[]): Vary {
  const names = new Set<string>();
  for (const value of values) {
    for (const member of value.split(',')) {
      const name = member.trim().toLowerCase();
      if (name === '*') return 'all';
      if (name !== '' && name !== 'accept-encoding') names.add(name);
    }
  }
  if (names.size > MOST_NAMES) return 'all';
  return names.size === 0 ? varies : [...names].sort();
}

/** The same for all requests that one variant may answer. */
export function variantKey(names: readonly string[], request: Fields): string {
  let key = '';
  for (const name of names) {
    const values = request.getAll(name);
    // A field that is missing differs from one that is empty.
    key += values.length === 0 ? '-\n' : `=${normalised(name, values.join(','))}\n`;
  }
  return key;
}

/** Blanks around the members of a list mean nothing, nor do empty members. */
function normalised(name: string, value: string): string {
  const members = value.split(',').map((member) => member.trim().replace(/[ \t]+/g, ' '));
  const text = members.filter((member) => member !== '').join(',');
  return caseless.has(name) ? text.toLowerCase() : text;
}
