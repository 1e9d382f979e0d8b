/** The subs that Varnish 3 calls: what each may return, and where its code belongs from Varnish 4 on. */
import { VclMistake } from '../mistake.ts';
import type { Token } from '../token.ts';

export type Context = (typeof contexts)[number];

const contexts = [
  'recv',
  'pipe',
  'pass',
  'hash',
  'miss',
  'hit',
  'fetch',
  'deliver',
  'error',
  'init',
  'fini',
] as const;

/** What each return becomes. Varnish 3.0, lib/libvcl/generate.py, has the same words. */
const returns: Readonly<Record<Context, Readonly<Record<string, string>>>> = {
  recv: { error: 'synth', pass: 'pass', pipe: 'pipe', lookup: 'hash' },
  pipe: { error: 'synth', pipe: 'pipe' },
  pass: { error: 'synth', restart: 'restart', pass: 'fetch' },
  hash: { hash: 'lookup' },
  miss: { error: 'synth', restart: 'restart', pass: 'pass', fetch: 'fetch' },
  hit: { error: 'synth', restart: 'restart', pass: 'pass', deliver: 'deliver' },
  // Those of the client's side are carried there.
  fetch: { error: 'deliver', restart: 'deliver', hit_for_pass: 'pass', deliver: 'deliver' },
  deliver: { restart: 'restart', deliver: 'deliver' },
  error: { restart: 'restart', deliver: 'deliver' },
  init: { ok: 'ok' },
  fini: { ok: 'ok' },
};

/** @throws VclMistake it cannot be returned there */
export function returnedFor(word: Token, context: Context): string {
  const found = returns[context][word.text];
  if (found !== undefined) return found;
  const legal = Object.keys(returns[context])
    .map((one) => `"${one}"`)
    .join(' ');
  const advice = `Legal returns of vcl_${context} are: ${legal}`;
  throw new VclMistake(`Invalid return "${word.text}"`, word, word, advice);
}

/** @param name of a sub */
export function contextNamed(name: string): Context | undefined {
  return contexts.find((context) => `vcl_${context}` === name);
}

/** The sub that the code of a context stands in from Varnish 4 on. */
export function subOf(context: Context): string {
  if (context === 'fetch') return 'vcl_backend_response';
  return context === 'error' ? 'vcl_synth' : `vcl_${context}`;
}

/** @param words `all`, `proc` (all with a request), or names of contexts */
export function contextsOf(words: string): ReadonlySet<Context> {
  const found = new Set<Context>();
  for (const word of words.split(' ')) {
    for (const context of contexts) {
      const hasRequest = context !== 'init' && context !== 'fini';
      if (word === context || word === 'all' || (word === 'proc' && hasRequest)) found.add(context);
    }
  }
  return found;
}
