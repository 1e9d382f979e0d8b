/** A place in a pattern that moves forward while it is read. */

/** What is wrong with a pattern, worded as PCRE words it. */
export class RegexMistake extends Error {}

/** Of what PCRE has and Troupe has not. */
export function refused(what: string): RegexMistake {
  return new RegexMistake(`Troupe cannot match ${what}`);
}

export class RegexReader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#pattern.length;
  }

  /** The empty text at the end. */
  next(): string {
    return this.#pattern.charAt(this.#at++);
  }

  sees(text: string): boolean {
    return this.#pattern.startsWith(text, this.#at);
  }

  take(text: string): boolean {
    if (!this.sees(text)) return false;
    this.#at += text.length;
    return true;
  }

  /** Takes what a sticky expression matches here. */
  match(expression: RegExp): RegExpExecArray | undefined {
    expression.lastIndex = this.#at;
    const match = expression.exec(this.#pattern);
    if (match === null) return undefined;
    this.#at += match[0].length;
    return match;
  }

  /** What comes next, at most so many characters. */
  rest(length: number): string {
    return this.#pattern.slice(this.#at, this.#at + length);
  }

  skip(length: number): void {
    this.#at += length;
  }

  /** What stands up to \E, which is read as well, or up to the end. */
  quoted(): string[] {
    const end = this.#pattern.indexOf('\\E', this.#at);
    const text = this.#pattern.slice(this.#at, end < 0 ? undefined : end);
    this.#at = end < 0 ? this.#pattern.length : end + 2;
    return [...text];
  }
}
