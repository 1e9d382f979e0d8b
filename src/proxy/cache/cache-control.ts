/**
 * Cache-Control of an answer, to the letter (RFC 9111 section 5.2): names without case, commas inside quotes, values
 * as tokens or quoted. What cannot be trusted counts as stale: a value that is no number of seconds, or two that
 * disagree (section 4.2.1).
 */

import { flat } from './flat-text.ts';

export interface CacheControl {
  readonly noStore: boolean;
  /** With field names or without: naming fields (RFC 9111 section 5.2.2.4) is taken as the whole answer. */
  readonly noCache: boolean;
  /** As `noCache`. */
  readonly isPrivate: boolean;
  readonly isPublic: boolean;
  readonly mustRevalidate: boolean;
  readonly proxyRevalidate: boolean;
  readonly mustUnderstand: boolean;
  /** Seconds; 0 where the value is invalid. */
  readonly maxAge: number | undefined;
  readonly sMaxAge: number | undefined;
  readonly staleWhileRevalidate: number | undefined;
  readonly staleIfError: number | undefined;
}

/** RFC 9111 section 1.2.2: what is larger is as good as this. */
const mostSeconds = 2 ** 31;

const noCacheControl: CacheControl = Object.freeze(read([]));

/** What was read lately, by its text. */
interface Known {
  readonly text: string;
  readonly control: CacheControl;
}
const lately = new Map<string, Known>();
let latest: Known = { text: '', control: noCacheControl };
const MOST_KNOWN = 64;
const MOST_CHARACTERS = 200;

/** @param values of all fields Cache-Control, in order */
export function parseCacheControl(values: readonly string[]): CacheControl {
  const [only, another] = values;
  if (only === undefined) return noCacheControl;
  if (another !== undefined) return read(values);
  // Most answers of a site say one of a few things.
  if (only === latest.text) return latest.control;
  let known = lately.get(only);
  if (known === undefined) {
    known = { text: flat(only), control: read(values) };
    if (only.length > MOST_CHARACTERS) return known.control;
    if (lately.size >= MOST_KNOWN) lately.clear();
    lately.set(known.text, known);
  }
  latest = known;
  return known.control;
}

function read(values: readonly string[]): CacheControl {
  const directives = new Map<string, (string | undefined)[]>();
  for (const value of values) {
    for (const member of membersOf(value)) {
      const equals = member.indexOf('=');
      const name = (equals < 0 ? member : member.slice(0, equals)).trim().toLowerCase();
      const argument = equals < 0 ? undefined : member.slice(equals + 1);
      const same = directives.get(name);
      if (same === undefined) directives.set(name, [argument]);
      else same.push(argument);
    }
  }
  const seconds = (name: string) => secondsOf(directives.get(name));
  return {
    noStore: directives.has('no-store'),
    noCache: directives.has('no-cache'),
    isPrivate: directives.has('private'),
    isPublic: directives.has('public'),
    mustRevalidate: directives.has('must-revalidate'),
    proxyRevalidate: directives.has('proxy-revalidate'),
    mustUnderstand: directives.has('must-understand'),
    maxAge: seconds('max-age'),
    sMaxAge: seconds('s-maxage'),
    staleWhileRevalidate: seconds('stale-while-revalidate'),
    staleIfError: seconds('stale-if-error'),
  };
}

/** The members of a list (RFC 9110 section 5.6.1), without the empty ones; a quote that is not closed takes the rest. */
export function membersOf(value: string): string[] {
  const members: string[] = [];
  let begin = 0;
  let isQuoted = false;
  for (let i = 0; i <= value.length; i++) {
    const character = value[i];
    if (isQuoted) {
      if (character === '\\') i++;
      else if (character === '"') isQuoted = false;
      if (i < value.length) continue;
    } else if (character === '"') {
      isQuoted = true;
    }
    if (i < value.length && (isQuoted || character !== ',')) continue;
    const member = value.slice(begin, i).trim();
    if (member !== '') members.push(member);
    begin = i + 1;
  }
  return members;
}

function secondsOf(values: readonly (string | undefined)[] | undefined): number | undefined {
  if (values === undefined) return undefined;
  const all = values.map((value) => deltaSeconds(unquoted(value)));
  const [first = 0] = all;
  return all.every((seconds) => seconds === first) ? first : 0;
}

function unquoted(value: string | undefined): string | undefined {
  const quoted = value === undefined ? undefined : /^"((?:[^"\\]|\\.)*)"$/.exec(value);
  return quoted?.[1]?.replace(/\\(.)/g, '$1') ?? value;
}

/** @returns seconds, at most 2^31; undefined if the text is no such number (RFC 9111 section 1.2.2) */
export function deltaSeconds(text: string | undefined): number | undefined {
  if (text === undefined || !/^\d+$/.test(text)) return undefined;
  return Math.min(Number(text), mostSeconds);
}
