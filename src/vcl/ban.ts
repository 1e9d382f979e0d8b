/** `ban()`: vcl(7), "ban(STRING)". */
import { banWords } from '../proxy/cache/ban-conditions.ts';
import type { VclContext } from './vmod.ts';

/** @returns what is wrong, in varnishd's words, which the log gets, too; undefined: it was issued */
export function ban(context: VclContext, conditions: string | undefined): string | undefined {
  const mistake = conditions === undefined ? 'Null argument' : context.issueBan?.(banWords(conditions));
  if (mistake !== undefined) context.log(`ban(): ${mistake}`);
  return mistake;
}
