/**
 * Words of a config that requests should be made of: paths, hosts, fields, methods and addresses that its text names.
 * A branch that asks for `^/checkout` is reached by a request that has it; chance would not find it. As a fuzzer's
 * dictionary, this is a guess: a word too many costs a few requests that mean nothing.
 */

export interface Dictionary {
  readonly urls: readonly string[];
  readonly hosts: readonly string[];
  readonly methods: readonly string[];
  /** Fields with a value that the config may look for. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  /** IP addresses of clients. */
  readonly clients: readonly string[];
}

const methodNames = /^(?:PURGE|BAN|REFRESH|POST|PUT|DELETE|OPTIONS|PATCH|HEAD|TRACE)$/;
const ADDRESS = /^\d{1,3}(?:\.\d{1,3}){3}$/;

/** @param text of the config, and of what it includes */
export function dictionaryOf(text: string): Dictionary {
  const literals = literalsOf(withoutComments(text));
  const urls = new Set<string>();
  const hosts = new Set<string>();
  const methods = new Set<string>();
  const clients = new Set<string>();
  const words = new Set<string>();
  for (const literal of literals) {
    for (const word of wordsOf(literal)) {
      if (word.startsWith('/')) urls.add(word);
      else if (methodNames.test(word)) methods.add(word);
      else if (ADDRESS.test(word)) clients.add(word);
      else if (/^[a-z0-9-]+(?:\.[a-z0-9-]+)*\.[a-z]{2,}$/i.test(word)) hosts.add(word);
      else if (/^[a-z0-9-]+\.$/i.test(word)) hosts.add(`${word}example.com`);
      if (word.length <= 60) words.add(word);
    }
  }
  const names = fieldNamesOf(text);
  const fields: (readonly [string, string])[] = [];
  for (const name of names) {
    for (const value of words) {
      if (!value.startsWith('/') && value.toLowerCase() !== name.toLowerCase()) fields.push([name, value]);
    }
    fields.push([name, '1']);
  }
  return {
    urls: [...urls].filter((url) => !url.includes('*')),
    hosts: [...hosts],
    methods: [...methods],
    fields,
    clients: [...clients],
  };
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
    .replace(/\[[^\]]*\][*+?]?/g, '')
    .replace(/\.[*+]\??/g, '')
    .replace(/\\[dws][*+?]?/g, '1')
    .replace(/\\(.)/g, '$1');
  return alternatives(plain)
    .map((word) => word.replace(/[*+?^$]/g, '').trim())
    .filter((word) => word !== '' && !/[\r\n{}]/.test(word));
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
