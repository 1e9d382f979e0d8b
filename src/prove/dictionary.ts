/**
 * Words of a config that requests should be made of: paths, hosts, fields, methods and addresses that its text names.
 * A branch that asks for `^/checkout` is reached by a request that has it; chance would not find it. As a fuzzer's
 * dictionary, this is a guess: a word too many costs a few requests that mean nothing.
 */

type Field = readonly [name: string, value: string];

export interface Dictionary {
  readonly urls: readonly string[];
  readonly hosts: readonly string[];
  readonly methods: readonly string[];
  /** Every field that the config looks at, with every word that may be its value. */
  readonly fields: readonly Field[];
  /** The same with the words near it. */
  readonly likelyFields: readonly Field[];
  /** IP addresses of clients. */
  readonly clients: readonly string[];
  /** Milliseconds: how long something that the config says lasts, such as a ttl. */
  readonly durationsMs: readonly number[];
}

/** Characters of a word that may be the value of a field. */
const LONGEST_VALUE = 60;
const methodNames = /^(?:PURGE|BAN|REFRESH|POST|PUT|DELETE|OPTIONS|PATCH|HEAD|TRACE)$/;
/** A method that exists (RFC 4918), and that configs do not name. */
const UNKNOWN_METHOD = 'PROPFIND';
const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** Stands in a word for what may be anything; no config has it. */
const ANYTHING = '\u0000';

/**
 * @param text of the config, and of what it includes
 * @param names of backends, which may stand where a pattern takes anything: in a cookie that says whose it is
 */
export function dictionaryOf(text: string, names: readonly string[] = []): Dictionary {
  const plain = withoutComments(text);
  const words = new Set(wordsIn(plain, names));
  const urls = new Set<string>();
  const hosts = new Set<string>();
  const methods = new Set<string>();
  const clients = new Set<string>();
  for (const word of words) {
    if (word.startsWith('/')) urls.add(word);
    else if (methodNames.test(word)) methods.add(word);
    else if (ADDRESS.test(word)) clients.add(word);
    else if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/i.test(word)) hosts.add(word);
    // As in `^www\.`; what begins with a capital is a sentence of one word.
    else if (/^[a-z0-9-]+\.$/.test(word)) hosts.add(`${word}example.com`);
  }
  // What a config pipes is often what it does not know.
  if (/\bpipe\b/.test(plain)) methods.add(UNKNOWN_METHOD);
  return {
    urls: [...urls].filter((url) => !url.includes('*')),
    hosts: [...hosts],
    methods: [...methods],
    fields: fieldNamesOf(plain).flatMap((name) => valuesFor(name, [...words])),
    likelyFields: likelyFields(plain, names),
    clients: [...clients],
    durationsMs: durationsIn(plain),
  };
}

const UNIT_MS: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000 };
/** Milliseconds; what lasts longer is not waited for. */
const LONGEST_DURATION_MS = 10 * 60_000;

/** `30s`, `'1.5m'` and their like, each once. */
function durationsIn(text: string): number[] {
  const found = [...text.matchAll(/(?<![\w.])(\d+(?:\.\d+)?) ?(ms|s|m)(?!\w)/g)].map(
    ([, number, unit = '']) => Math.round(Number(number) * (UNIT_MS[unit] ?? 0)),
  );
  return [...new Set(found)].filter((ms) => ms > 0 && ms <= LONGEST_DURATION_MS);
}

/** Lines from where a field is named in which a value for it is expected. */
const LINES_NEAR = 3;

/** Fields with values that stand near their names. */
function likelyFields(text: string, names: readonly string[]): Field[] {
  const lines = text.split('\n');
  return lines.flatMap((line, at) => {
    const fields = fieldNamesOf(line);
    if (fields.length === 0) return [];
    const words = wordsIn(lines.slice(at, at + LINES_NEAR).join('\n'), names);
    return fields.flatMap((name) => valuesFor(name, words));
  });
}

function valuesFor(name: string, words: readonly string[]): Field[] {
  const values = words.filter((word) => !word.startsWith('/') && word.toLowerCase() !== name.toLowerCase());
  return [...values.filter((word) => word.length <= LONGEST_VALUE), '1'].map(
    (value) => [name, value] as const,
  );
}

function wordsIn(text: string, names: readonly string[]): string[] {
  return literalsOf(text)
    .flatMap(wordsOf)
    .flatMap((word) => filled(word, names));
}

function withoutComments(text: string): string {
  return text.replace(/\/\*[\s\S]*?\*\//g, ' ').replace(/(^|[\s;{}])(?:#|\/\/).*$/gm, '$1');
}

/** What stands in quotes, and between the slashes of regular expressions. */
function literalsOf(text: string): string[] {
  const found: string[] = [];
  for (const [, double, single, template, regex] of text.matchAll(
    /"((?:[^"\\\n]|\\.)*)"|'((?:[^'\\\n]|\\.)*)'|`([^`$]*)`|[=(,!&|?:]\s*\/((?:[^/\\\n]|\\.)+)\/[a-z]*/g,
  )) {
    found.push(double ?? single ?? template ?? regex ?? '');
  }
  return found;
}

/** The plain texts that a regular expression, or a string, stands for: without anchors, one for each alternative. */
function wordsOf(literal: string): string[] {
  const plain = literal
    .replace(/\(\?[a-z]+\)/g, '')
    .replace(/\(\?:/g, '(')
    .replace(/^\^|\$$|\\[zZAb]/g, '')
    .replace(/\[[^\]]*\][*+?]?\??/g, ANYTHING)
    .replace(/\.[*+]\??/g, ANYTHING)
    .replace(/\\[dwsS][*+?]?\??/g, ANYTHING)
    .replace(/\\(.)/g, '$1');
  return alternatives(plain)
    .map((word) => word.replace(/[*+?^$]/g, '').trim())
    .filter((word) => word !== '' && !/[\r\n{}]/.test(word));
}

/** A word with something in place of what may be anything: nothing, a digit, and each name. */
function filled(word: string, names: readonly string[]): string[] {
  const bare = trimmed(word);
  if (!bare.includes(ANYTHING)) return [bare].filter((one) => one !== '');
  return ['', '1', ...names].map((one) => bare.replaceAll(ANYTHING, one)).filter((one) => one !== '');
}

/** What may be anything at both ends may be nothing there, unless it is all that tells one word from another. */
function trimmed(word: string): string {
  return word.startsWith(ANYTHING) ? word.replace(/^\0+/, '') : word;
}

/** `/(a|b)/c` stands for `/a/c` and `/b/c`; nested ones are taken apart from the inside. */
function alternatives(text: string): string[] {
  const group = /\(([^()]*)\)/.exec(text);
  if (group === null) return text.split('|').slice(0, 8);
  const [whole, inner = ''] = group;
  return inner
    .split('|')
    .slice(0, 8)
    .flatMap((one) => alternatives(text.replace(whole, () => one)));
}

/** `req.http.X-Mode`, `http.get('x-mode')` and their like. */
function fieldNamesOf(text: string): string[] {
  const names = new Set<string>();
  for (const [, name] of text.matchAll(/\breq\.http\.([A-Za-z0-9_-]+)/g))
    if (name !== undefined) names.add(name);
  for (const [, name] of text.matchAll(/\breq\.http\.(?:get|has|getAll)\(\s*['"]([A-Za-z0-9_-]+)['"]/g)) {
    if (name !== undefined) names.add(name);
  }
  const own = new Set(['get', 'has', 'getall', 'set', 'unset', 'append', 'host', 'content-length']);
  return [...names].filter((name) => !own.has(name.toLowerCase()));
}
