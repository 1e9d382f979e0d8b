/**
 * A backtracking matcher that counts its steps, for patterns that JavaScript's cannot be trusted with: it finds what
 * PCRE finds, in PCRE's order, and gives up where varnishd does, at a limit (there `pcre2_match_limit`).
 *
 * Cost: some 10 ns a step. A match that takes many steps is begun anew with a memory of the places that led nowhere, a
 * bit for each fork and byte of the text: from then on it takes no more steps than the program has times the text's
 * length. Patterns with references, lookarounds or atomic groups allow no such memory, and only have the limit.
 */
import { assertionNames, type RegexProgram, Step } from './regex-program.ts';

/** Steps without a memory, where one can be begun; where none can be; and with one. */
const BRISK_STEPS = 20_000;
const FORGETFUL_STEPS = 200_000;
const MOST_STEPS = 1_000_000;
/** Bits of a memory: 4 MB. */
const MOST_MEMORY = 32 * 1024 * 1024;

/** A match that would take too long. What varnishd answers then is 503. */
export class MatchLimit extends Error {}

/** Where groups begin and end, by twos, from the whole match on; -1: they found nothing. */
export type Found = Int32Array;

/** What an entry of the stack is: a place to go on at (its step), or a slot's former value. */
const SLOT = -1;
const ALL_SLOTS = -2;

export class Backtracker {
  readonly #program: RegexProgram;
  readonly #slots: Int32Array;
  #stack = new Int32Array(3 * 256);
  #top = 0;
  /** Of groups, as they were before what is tried as a whole. */
  readonly #copies: Int32Array[] = [];
  #memory: Uint32Array | undefined;
  #steps = 0;
  #limit = 0;
  #text = '';
  #searchStart = 0;
  #minimum = 0;

  constructor(program: RegexProgram) {
    this.#program = program;
    this.#slots = new Int32Array(program.slots);
  }

  /**
   * @param from where to begin; what is in front of it can still be looked at
   * @param mayBeEmpty whether a match of nothing counts
   * @throws MatchLimit
   */
  exec(text: string, from = 0, mayBeEmpty = true): Found | undefined {
    this.#text = text;
    this.#searchStart = from;
    this.#minimum = mayBeEmpty ? 0 : 1;
    this.#memory = undefined;
    this.#steps = 0;
    const { hasMemory, steps } = this.#program;
    const bits = (steps.length / 3) * (text.length + 1);
    const canRemember = hasMemory && bits <= MOST_MEMORY;
    this.#limit = canRemember ? BRISK_STEPS : FORGETFUL_STEPS;
    try {
      return this.#search(from);
    } catch (error) {
      if (!(error instanceof MatchLimit) || !canRemember) throw error;
    }
    this.#memory = new Uint32Array((bits + 31) >> 5);
    this.#limit = MOST_STEPS;
    return this.#search(from);
  }

  #search(from: number): Found | undefined {
    const { first, groups } = this.#program;
    const text = this.#text;
    for (let at = from; at <= text.length; at++) {
      if (first !== undefined) {
        while (at < text.length && first[text.charCodeAt(at)] !== 1) at++;
        if (at === text.length) return undefined;
      }
      this.#slots.fill(-1);
      this.#slots[0] = at;
      this.#top = 0;
      this.#copies.length = 0;
      const end = this.#run(0, at);
      if (end < 0) continue;
      const found = this.#slots.slice(0, 2 * (groups + 1));
      found[1] = end;
      return found;
    }
    return undefined;
  }

  /** @returns where the match ends; negative: there is none */
  #run(start: number, from: number): number {
    const { steps, sets } = this.#program;
    const text = this.#text;
    const slots = this.#slots;
    const base = this.#top;
    let step = start;
    let at = from;
    for (;;) {
      if (++this.#steps > this.#limit) throw new MatchLimit('Regexp matching failed: match limit exceeded');
      let hasFailed = false;
      const a = steps[step + 1] as number;
      const b = steps[step + 2] as number;
      switch (steps[step]) {
        case Step.set:
          if (at < text.length && sets[(a << 8) | text.charCodeAt(at)] === 1) {
            at++;
            step += 3;
          } else hasFailed = true;
          break;
        case Step.fork:
          if (this.#isKnown(step, at)) hasFailed = true;
          else {
            this.#push(b, at, 0);
            step = a;
          }
          break;
        case Step.jump:
          step = a;
          break;
        case Step.save:
          this.#push(SLOT, a, slots[a] as number);
          slots[a] = at;
          step += 3;
          break;
        case Step.assert:
          if (this.#holds(a, at)) step += 3;
          else hasFailed = true;
          break;
        case Step.back:
          at -= a;
          if (at < 0) hasFailed = true;
          else step += 3;
          break;
        case Step.look:
        case Step.atomic: {
          const isLook = steps[step] === Step.look;
          const end = this.#enclosed(step + 3, at);
          const isNegated = isLook && b === 1;
          if (isNegated && end >= 0) this.#restore();
          if (end >= 0 === isNegated) hasFailed = true;
          else {
            if (!isLook) at = end;
            step = a;
          }
          break;
        }
        case Step.done:
          return at;
        case Step.reference: {
          const length = this.#repeated(a, b === 1, at);
          if (length < 0) hasFailed = true;
          else {
            at += length;
            step += 3;
          }
          break;
        }
        case Step.span:
          while (at < text.length && sets[(a << 8) | text.charCodeAt(at)] === 1) at++;
          step += 3;
          break;
        case Step.emptied:
          step = slots[b] === at ? a : step + 3;
          break;
        default:
          if (at - (slots[0] as number) >= this.#minimum) return at;
          hasFailed = true;
      }
      while (hasFailed) {
        if (this.#top === base) return -1;
        this.#top -= 3;
        const kind = this.#stack[this.#top] as number;
        if (kind >= 0) {
          step = kind;
          at = this.#stack[this.#top + 1] as number;
          hasFailed = false;
        } else this.#undo(kind);
      }
    }
  }

  #undo(kind: number): void {
    if (kind === SLOT) {
      this.#slots[this.#stack[this.#top + 1] as number] = this.#stack[this.#top + 2] as number;
    } else {
      const copy = this.#copies.pop();
      if (copy !== undefined) this.#slots.set(copy);
    }
  }

  /** Tries something as a whole. What it found stays; ways to find something else are forgotten. */
  #enclosed(start: number, from: number): number {
    this.#copies.push(this.#slots.slice());
    this.#push(ALL_SLOTS, 0, 0);
    const copies = this.#copies.length;
    const top = this.#top;
    const end = this.#run(start, from);
    this.#top = top;
    this.#copies.length = copies;
    if (end < 0) this.#restore();
    return end;
  }

  /** Takes back what was found as a whole. */
  #restore(): void {
    this.#top -= 3;
    this.#undo(ALL_SLOTS);
  }

  #push(kind: number, a: number, b: number): void {
    if (this.#top + 3 > this.#stack.length) {
      const wider = new Int32Array(2 * this.#stack.length);
      wider.set(this.#stack);
      this.#stack = wider;
    }
    this.#stack[this.#top] = kind;
    this.#stack[this.#top + 1] = a;
    this.#stack[this.#top + 2] = b;
    this.#top += 3;
  }

  /** Whether a fork was come to at that place before: whatever it led to is tried already, or will be. */
  #isKnown(step: number, at: number): boolean {
    const memory = this.#memory;
    if (memory === undefined) return false;
    const bit = (step / 3) * (this.#text.length + 1) + at;
    const word = memory[bit >> 5] as number;
    const mask = 1 << (bit & 31);
    memory[bit >> 5] = word | mask;
    return (word & mask) !== 0;
  }

  #holds(index: number, at: number): boolean {
    const text = this.#text;
    const what = assertionNames[index];
    switch (what) {
      case 'start':
        return at === 0;
      case 'end':
        return at === text.length;
      case 'last-line-end':
        return at === text.length || (at === text.length - 1 && text.charCodeAt(at) === 10);
      case 'line-start':
        // Behind a line feed that ends the text no line begins.
        return at === 0 || (at < text.length && text.charCodeAt(at - 1) === 10);
      case 'line-end':
        return at === text.length || text.charCodeAt(at) === 10;
      case 'boundary':
      case 'no-boundary':
        return (isWord(text, at - 1) !== isWord(text, at)) === (what === 'boundary');
      case 'search-start':
        return at === this.#searchStart;
      case undefined:
        return false;
      default:
        return what satisfies never;
    }
  }

  /** Bytes of what a group found, if the same stands here; negative: not so, or it found nothing. */
  #repeated(group: number, ignoresCase: boolean, at: number): number {
    const start = this.#slots[2 * group] as number;
    const end = this.#slots[2 * group + 1] as number;
    if (start < 0 || end < 0) return -1;
    const length = Math.max(0, end - start);
    this.#steps += length;
    const [known, here] = [this.#text.slice(start, end), this.#text.slice(at, at + length)];
    const isSame = ignoresCase ? lower(known) === lower(here) : known === here;
    return isSame ? length : -1;
  }
}

function isWord(text: string, at: number): boolean {
  return at >= 0 && at < text.length && /\w/.test(text.charAt(at));
}

function lower(text: string): string {
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
