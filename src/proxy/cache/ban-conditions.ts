/**
 * Conditions of a ban, as varnish-cli(7) has them: `req.url ~ ^/news && obj.http.x-lang == en`. What varnishd 7.1.1
 * accepts, refuses and finds is what is accepted, refused and found here.
 *
 * Texts are latin1, one character for each byte, as fields are.
 */
import { parseDuration } from '../../duration.ts';
import { MatchLimit } from '../../vcl/regex/backtracker.ts';
import { mistakeInRegex, VclRegex } from '../../vcl/regex.ts';
import type { HeaderFields } from '../http/fields.ts';
import type { ObjectLife } from './object-life.ts';

/** The request that looks for something. */
export interface BannedRequest {
  readonly url: string;
  readonly http: Pick<HeaderFields, 'get'>;
}

/** What is stored. */
export interface BannedObject {
  readonly status: number;
  /** Milliseconds since 1970 from which its age counts. */
  readonly origin: number;
  readonly life: ObjectLife;
  fields(): Pick<HeaderFields, 'get'>;
}

export interface BanCondition {
  /** As `ban.list` writes it. */
  readonly text: string;
  /** Whether it asks about the request, so that it can be tested only when there is one. */
  readonly needsRequest: boolean;
  /** Whether it means something else each time that it is said: obj.ttl and obj.age are those of that moment. */
  readonly isRelative: boolean;
  /**
   * @param at milliseconds since 1970 at which the ban was issued
   */
  holds(candidate: BanCandidate, at: number): boolean;
}

/** What bans are held against: an object, a request, or both. About what is not there, nothing holds. */
export class BanCandidate {
  readonly object: BannedObject | undefined;
  readonly request: BannedRequest | undefined;
  #fields: Pick<HeaderFields, 'get'> | undefined;

  constructor(object: BannedObject | undefined, request: BannedRequest | undefined) {
    this.object = object;
    this.request = request;
  }

  /** A field of the object. Its head is taken apart once, however many conditions ask. */
  field(name: string): string | undefined {
    this.#fields ??= this.object?.fields();
    return this.#fields?.get(name);
  }
}

type TextOf = (candidate: BanCandidate, name: string) => string | undefined;
/** Milliseconds. */
type DurationOf = (object: BannedObject, at: number) => number;

/** In varnishd's order: a field is the first whose name it begins with. */
const texts: readonly (readonly [prefix: string, of: TextOf])[] = [
  ['req.url', ({ request }) => request?.url],
  ['req.http.', ({ request }, name) => request?.http.get(name)],
  ['obj.status', ({ object }) => object?.status.toString()],
  ['obj.http.', (candidate, name) => candidate.field(name)],
];

const durations: readonly (readonly [prefix: string, of: DurationOf])[] = [
  ['obj.ttl', ({ life }, at) => life.freshUntil - at],
  ['obj.age', ({ origin }, at) => at - origin],
  ['obj.grace', ({ life }) => life.graceUntil - life.freshUntil],
  ['obj.keep', ({ life }) => life.keepUntil - life.graceUntil],
];

const relatives = ['obj.ttl', 'obj.age'];

const comparisons: Readonly<Record<string, (value: number, argument: number) => boolean>> = {
  '==': (value, argument) => value === argument,
  '!=': (value, argument) => value !== argument,
  '>': (value, argument) => value > argument,
  '>=': (value, argument) => value >= argument,
  '<': (value, argument) => value < argument,
  '<=': (value, argument) => value <= argument,
};

/**
 * Reads the words of a ban: three for each condition, `&&` between them.
 *
 * @returns its conditions, or varnishd's sentence about what is wrong
 */
export function readBan(words: readonly string[]): readonly BanCondition[] | string {
  if (words.length === 0) return 'No ban conditions found.';
  const conditions: BanCondition[] = [];
  for (let at = 0; at < words.length; at += 4) {
    const [field, operator, argument, joint] = words.slice(at, at + 4);
    if (field === undefined) break;
    if (operator === undefined) return 'Expected comparison operator.';
    if (argument === undefined) return 'Expected second operand.';
    const condition = readCondition(field, operator, argument);
    if (typeof condition === 'string') return condition;
    conditions.push(condition);
    if (joint === undefined) return conditions;
    if (joint !== '&&') return `Expected && between conditions, found "${joint}"`;
  }
  return 'No ban conditions found.';
}

/** The words of a ban that is one text. There is no way to quote: who needs blanks says them in a pattern, as `\s`. */
export function banWords(text: string): string[] {
  return text.split(/[ \t\n\v\f\r]+/).filter((word) => word !== '');
}

function readCondition(field: string, operator: string, argument: string): BanCondition | string {
  const text = texts.find(([prefix]) => field.startsWith(prefix));
  if (text !== undefined) return textCondition(text, field, operator, argument);
  const duration = durations.find(([prefix]) => field.startsWith(prefix));
  if (duration !== undefined) return durationCondition(duration, operator, argument);
  return `Unknown or unsupported field "${field}"`;
}

function textCondition(
  [prefix, of]: readonly [string, TextOf],
  field: string,
  operator: string,
  argument: string,
): BanCondition | string {
  const isNamed = prefix.endsWith('.');
  const name = isNamed ? field.slice(prefix.length) : '';
  const matches = textOperator(operator, argument);
  if (typeof matches === 'string') return matches;
  return {
    text: `${prefix}${name} ${operator} ${argument}`,
    needsRequest: prefix.startsWith('req.'),
    isRelative: false,
    holds: (candidate) => {
      const isThere = prefix.startsWith('req.') ? candidate.request : candidate.object;
      return isThere !== undefined && matches(of(candidate, name));
    },
  };
}

/** A field that is missing differs from every text, and what is not there matches nothing, not even `!~`. */
function textOperator(operator: string, argument: string): string | ((value: string | undefined) => boolean) {
  switch (operator) {
    case '==':
      return (value) => value === argument;
    case '!=':
      return (value) => value !== argument;
    case '~':
    case '!~': {
      const mistake = mistakeInRegex(argument);
      if (mistake !== undefined) return `Regex compile error: ${mistake}`;
      const matches = matcherOf(argument);
      const wanted = operator === '~';
      return (value) => value !== undefined && finds(matches, value, wanted);
    }
    default:
      return `expected conditional (==, !=, ~ or !~) got "${operator}"`;
  }
}

/** Most patterns of bans are a text, or one that comes first: a look through thousands then takes 50 ns for each. */
function matcherOf(pattern: string): (text: string) => boolean {
  const literal = /^(\^?)([\w/=&%:,;@~!#'" -]+)$/.exec(pattern)?.slice(1);
  const [anchor, wanted = ''] = literal ?? [];
  if (anchor === '^') return (text) => text.startsWith(wanted);
  if (anchor === '') return (text) => text.includes(wanted);
  const regex = new VclRegex(pattern);
  // JavaScript compiles a pattern when it is matched, and once more for speed: 40 us that are for who issues the ban.
  for (let i = 0; i < 2; i++) regex.test('');
  return (text) => regex.test(text);
}

/** Where a match takes too many steps, nobody knows: what might be banned is. */
function finds(matches: (text: string) => boolean, text: string, wanted: boolean): boolean {
  try {
    return matches(text) === wanted;
  } catch (error) {
    if (error instanceof MatchLimit) return true;
    throw error;
  }
}

function durationCondition(
  [field, of]: readonly [string, DurationOf],
  operator: string,
  argument: string,
): BanCondition | string {
  const compare = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined;
  if (compare === undefined) return `expected conditional (==, !=, >, >=, < or <=) got "${operator}"`;
  // As there, nothing need stand before the point.
  const ms = parseDuration(argument.startsWith('.') ? `0${argument}` : argument);
  if (ms === undefined) return `expected duration <n.nn>[ms|s|m|h|d|w|y] got "${argument}"`;
  return {
    text: `${field} ${operator} ${shownDuration(ms)}`,
    needsRequest: false,
    isRelative: relatives.includes(field),
    holds: ({ object }, at) => object !== undefined && compare(of(object, at), ms),
  };
}

const units = [
  ['y', 31_536_000],
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

/** In the largest unit that fits. */
function shownDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const rest = Math.floor(ms) % 1_000;
  if (seconds === 0) return rest === 0 ? '0s' : `${rest}ms`;
  if (rest !== 0) return `${seconds}.${String(rest).padStart(3, '0')}s`;
  const unit = units.find(([, size]) => seconds % size === 0);
  return unit === undefined ? `${seconds}s` : `${seconds / unit[1]}${unit[0]}`;
}
