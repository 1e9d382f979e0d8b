/** Conditions of a ban, as varnish-cli(7) has them: `req.url ~ ^/news && obj.http.x-lang == en`. */
import { parseDuration } from '../../duration.ts';
import { mistakeInRegex } from '../../vcl/regex.ts';

export interface BanTest {
  /** `req.url`, `obj.status`, `req.http.NAME`, `obj.http.NAME`, `obj.ttl`, `obj.age`, `obj.grace`, `obj.keep` */
  readonly field: string;
  readonly operator: string;
  /** Durations in the largest unit that fits. */
  readonly argument: string;
}

/** What is compared with a duration is known of an object only when it is looked at. */
const durations = ['obj.ttl', 'obj.age', 'obj.grace', 'obj.keep'];
const texts = ['req.url', 'obj.status'];
const prefixes = ['req.http.', 'obj.http.'];

const textOperators = ['==', '!=', '~', '!~'];
const durationOperators = ['==', '!=', '>', '>=', '<', '<='];

/**
 * Reads the words of a ban: three for each condition, `&&` between them.
 *
 * @returns its conditions, or a sentence that says what is wrong
 */
export function readBan(words: readonly string[]): readonly BanTest[] | string {
  if (words.length % 4 !== 3) return 'Wrong number of arguments';
  const tests: BanTest[] = [];
  for (let at = 3; at < words.length; at += 4) {
    if (words[at] !== '&&') return `Found "${words[at]}" expected &&`;
  }
  for (let at = 0; at < words.length; at += 4) {
    const [field = '', operator = '', argument = ''] = words.slice(at, at + 3);
    const test = readTest(field, operator, argument);
    if (typeof test === 'string') return test;
    tests.push(test);
  }
  return tests;
}

/** As `ban.list` writes it. */
export function shownBan(tests: readonly BanTest[]): string {
  return tests.map(({ field, operator, argument }) => `${field} ${operator} ${argument}`).join(' && ');
}

function readTest(field: string, operator: string, argument: string): BanTest | string {
  // varnishd compares the beginning only.
  const duration = durations.find((name) => field.startsWith(name));
  const text = texts.find((name) => field.startsWith(name));
  const prefix = prefixes.find((name) => field.startsWith(name));
  const known = duration ?? text ?? (prefix === undefined ? undefined : field);
  if (known === undefined) return `Unknown or unsupported field "${field}"`;
  const operators = duration === undefined ? textOperators : durationOperators;
  if (!operators.includes(operator)) {
    const legal = `${operators.slice(0, -1).join(', ')} or ${operators.at(-1)}`;
    return `expected conditional (${legal}) got "${operator}"`;
  }
  if (duration !== undefined) {
    const ms = parseDuration(argument);
    if (ms !== undefined) return { field: known, operator, argument: shownDuration(ms) };
    return `expected duration <n.nn>[ms|s|m|h|d|w|y] got "${argument}"`;
  }
  if (operator.endsWith('~')) {
    const mistake = mistakeInRegex(argument);
    if (mistake !== undefined) return `Regex compile error: ${mistake}`;
  }
  return { field: known, operator, argument };
}

const units = [
  ['y', 31_536_000],
  ['w', 604_800],
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
] as const;

function shownDuration(ms: number): string {
  const seconds = Math.floor(ms / 1_000);
  const rest = Math.floor(ms) % 1_000;
  if (seconds === 0) return rest === 0 ? '0s' : `${rest}ms`;
  if (rest !== 0) return `${seconds}.${String(rest).padStart(3, '0')}s`;
  const unit = units.find(([, size]) => seconds % size === 0);
  return unit === undefined ? `${seconds}s` : `${seconds / unit[1]}${unit[0]}`;
}
