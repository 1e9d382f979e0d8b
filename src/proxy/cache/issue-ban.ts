/** Bans of those who write TypeScript or JSON. */
import { TroupeError } from '../../errors.ts';
import { banWords } from './ban-conditions.ts';

/**
 * @param issue takes the words of the conditions
 * @throws TroupeError `command.illegal-value`
 */
export function issueBan(
  conditions: string | readonly string[],
  issue: (words: readonly string[]) => string | undefined,
): void {
  const words = typeof conditions === 'string' ? banWords(conditions) : conditions.map(String);
  const mistake = issue(words.map(asField));
  if (mistake === undefined) return;
  throw new TroupeError('command.illegal-value', `no ban of ${JSON.stringify(words.join(' '))}: ${mistake}`, {
    side: 'troupe',
  });
}

/** One character for each byte, as in fields; what is beyond a byte goes over the wire as UTF-8. */
function asField(word: string): string {
  for (let i = 0; i < word.length; i++) {
    if (word.charCodeAt(i) > 0xff) return Buffer.from(word).toString('latin1');
  }
  return word;
}
