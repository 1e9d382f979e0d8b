/**
 * Shell patterns, as varnishd matches backends' names with them: fnmatch(3) without flags, so that `*` matches
 * dots and slashes, too.
 *
 * Cost: at most the product of both lengths, whatever the pattern is.
 */

/** Whether text has characters that mean something in a pattern. */
export function isGlob(text: string): boolean {
  return /[*?[\\]/.test(text);
}

/** Whether all of `text` matches the pattern. */
export function matchesGlob(pattern: string, text: string): boolean {
  const steps = stepsOf(pattern);
  let step = 0;
  let at = 0;
  // Where the last star stands, and up to where it has swallowed the text: earlier stars need no second try.
  let star = -1;
  let swallowed = 0;
  while (at < text.length) {
    const one = steps[step];
    if (one === 'any run') {
      star = step++;
      swallowed = at;
    } else if (one?.(text.charAt(at)) === true) {
      step++;
      at++;
    } else if (star >= 0) {
      step = star + 1;
      at = ++swallowed;
    } else {
      return false;
    }
  }
  while (steps[step] === 'any run') step++;
  return step === steps.length;
}

type Step = 'any run' | ((character: string) => boolean);

function stepsOf(pattern: string): Step[] {
  const steps: Step[] = [];
  let at = 0;
  while (at < pattern.length) {
    const character = pattern.charAt(at);
    const set = character === '[' ? setAt(pattern, at) : undefined;
    if (set !== undefined) {
      steps.push(set.matches);
      at = set.end;
      continue;
    }
    at++;
    if (character === '*') {
      if (steps.at(-1) !== 'any run') steps.push('any run');
    } else if (character === '?') {
      steps.push(() => true);
    } else {
      // At the very end a backslash stands for itself.
      const wanted = character === '\\' && at < pattern.length ? pattern.charAt(at++) : character;
      steps.push((one) => one === wanted);
    }
  }
  return steps;
}

/** `[abc]`, `[a-z]`, `[!a-z]`; a bracket that comes first is one of the set, and one never closed is itself. */
function setAt(pattern: string, start: number) {
  let at = start + 1;
  const isNegated = pattern.charAt(at) === '!' || pattern.charAt(at) === '^';
  if (isNegated) at++;
  const ranges: [from: string, to: string][] = [];
  for (let isFirst = true; isFirst || pattern.charAt(at) !== ']'; isFirst = false) {
    if (pattern.charAt(at) === '\\') at++;
    const from = pattern.charAt(at++);
    if (from === '') return undefined;
    let to = from;
    if (pattern.charAt(at) === '-' && pattern.charAt(at + 1) !== ']') {
      at++;
      if (pattern.charAt(at) === '\\') at++;
      to = pattern.charAt(at++);
      if (to === '') return undefined;
    }
    ranges.push([from, to]);
  }
  const matches = (one: string) => ranges.some(([from, to]) => from <= one && one <= to) !== isNegated;
  return { matches, end: at + 1 };
}
