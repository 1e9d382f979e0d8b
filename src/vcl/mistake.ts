/**
 * A mistake in a VCL program: a sentence, worded as varnishd words it, and the tokens that it is about. Thrown
 * where something cannot be understood, caught where reading can go on, so that one run tells several.
 */
import { type Place, TroupeError } from '../errors.ts';
import type { Token } from './token.ts';

/**
 * The passes in which varnishd looks for mistakes. It stops after the first that finds one, and so are they told
 * here: what follows from another mistake is no news.
 */
export type Pass = 'lexing' | 'reading' | 'references' | 'returns' | 'uses' | 'whole';

export class VclMistake extends Error {
  readonly first: Token | undefined;
  readonly last: Token | undefined;
  readonly advice: string | undefined;
  readonly #trail: { readonly message: string; readonly token: Token }[] = [];

  constructor(message: string, first?: Token, last: Token | undefined = first, advice?: string) {
    super(message);
    this.first = first;
    this.last = last;
    this.advice = advice;
  }

  /** How its place is come to, innermost first. */
  get trail(): readonly { readonly message: string; readonly token: Token }[] {
    return this.#trail;
  }

  /** Says one more thing about how its place is come to. */
  from(message: string, token: Token | undefined): this {
    if (token !== undefined) this.#trail.push({ message, token });
    return this;
  }
}

/** Where mistakes are gathered. */
export class Mistakes {
  readonly #found: { readonly pass: Pass; readonly mistake: VclMistake }[] = [];

  get isEmpty(): boolean {
    return this.#found.length === 0;
  }

  add(pass: Pass, mistake: VclMistake): void {
    this.#found.push({ pass, mistake });
  }

  /**
   * Does something, and takes down the mistake that it throws.
   *
   * @returns what it returned, or undefined if it threw one
   */
  guard<Result>(pass: Pass, work: () => Result): Result | undefined {
    try {
      return work();
    } catch (error) {
      if (!(error instanceof VclMistake)) throw error;
      this.add(pass, error);
      return undefined;
    }
  }

  /**
   * Those of the first pass that has any, in the order of the program.
   *
   * @param order tells which of two tokens comes first, where they stand in several files
   */
  errors(order: ReadonlyMap<Token, number>): TroupeError[] {
    const [first] = this.#found;
    if (first === undefined) return [];
    const positionOf = ({ mistake }: { readonly mistake: VclMistake }) =>
      (mistake.first === undefined ? undefined : order.get(mistake.first)) ?? 0;
    const found = this.#found.filter(({ pass }) => pass === first.pass);
    if (first.pass === 'reading') found.sort((a, b) => positionOf(a) - positionOf(b));
    const errors = new Map<string, TroupeError>();
    for (const { pass, mistake } of found) {
      const error = errorOf(mistake, pass);
      errors.set(`${placeKey(error.place)} ${error.message}`, error);
    }
    return [...errors.values()];
  }
}

function errorOf({ message, first, last, advice, trail: steps }: VclMistake, pass: Pass): TroupeError {
  const place = first === undefined ? undefined : placeOf(first, last);
  const code = pass === 'lexing' || pass === 'reading' ? 'config.syntax' : 'config.invalid';
  const trail = steps.map((step) => ({ message: step.message, place: placeOf(step.token) }));
  return new TroupeError(code, message, { side: 'troupe', place, advice, trail });
}

/** From the beginning of one token to the end of another, as far as they stand on one line. */
export function placeOf(first: Token, last: Token = first): Place {
  const end = last.source === first.source ? Math.max(first.end, last.end) : first.end;
  return first.source.place(first.start, end);
}

function placeKey(place: Place | undefined): string {
  return place === undefined ? '' : `${place.file}:${place.line}:${place.column}`;
}
