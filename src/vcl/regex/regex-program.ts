/**
 * From a pattern to steps for `backtracker.ts`: three numbers each (what, and two more), in one array. Repeats are
 * written out as often as they may be.
 */
import type { ByteSet } from './byte-set.ts';
import {
  type Assertion,
  isNullable,
  isSpan,
  lengthOf,
  type RegexNode,
  type RegexSyntax,
  some,
} from './regex-node.ts';

/** What a step does; `a` and `b` are its two numbers. Without a word on it, the next step follows. */
export const Step = {
  /** One byte of set `a`. */
  set: 0,
  /** Goes on at `a`, and at `b` if that comes to nothing. */
  fork: 1,
  /** Goes on at `a`. */
  jump: 2,
  /** Takes the place down in slot `a`. */
  save: 3,
  /** Asserts that `a`, of `assertionNames`, holds. */
  assert: 4,
  /** Goes back `a` bytes. */
  back: 5,
  /** What stands between here and `a` must match (or not, if `b` is 1), and uses up nothing. */
  look: 6,
  /** What stands between here and `a` matches in its first way, or not at all. */
  atomic: 7,
  /** The end of what stands between. */
  done: 8,
  /** What group `a` found; without case if `b` is 1. */
  reference: 9,
  /** At `a` if nothing was used up since slot `b` was taken down: an empty round is a repeat's last. */
  emptied: 10,
  match: 11,
  /** All bytes of set `a` that follow, for good. */
  span: 12,
} as const;

export const assertionNames: readonly Assertion[] = [
  'start',
  'end',
  'last-line-end',
  'line-start',
  'line-end',
  'boundary',
  'no-boundary',
  'search-start',
];

export interface RegexProgram {
  readonly steps: Int32Array;
  /** For each set, 256 bytes that are 1 or 0. */
  readonly sets: Uint8Array;
  /** Two for each group, from the whole match on; then one for each repeat of what may be empty. */
  readonly slots: number;
  readonly groups: number;
  /** 256 bytes that are 1 where a match may begin; undefined: everywhere. */
  readonly first: Uint8Array | undefined;
  /** Whether a place that led nowhere once never leads anywhere, whatever way it is come to. */
  readonly hasMemory: boolean;
}

export function compileRegexProgram({ root, groups }: RegexSyntax): RegexProgram {
  return new Writer(groups).run(root);
}

/** Whether what follows depends on the way that led there: no memory of places can be kept then. */
export function isForgetful(node: RegexNode): boolean {
  return node.kind === 'reference' || node.kind === 'look' || (node.kind === 'atomic' && !isSpan(node.of));
}

class Writer {
  readonly #steps: number[] = [];
  readonly #sets: ByteSet[] = [];
  readonly #groups: number;
  #slots: number;

  constructor(groups: number) {
    this.#groups = groups;
    this.#slots = 2 * (groups + 1);
  }

  run(root: RegexNode): RegexProgram {
    this.#write(root);
    this.#step(Step.match);
    const first = isNullable(root) ? undefined : firstOf(root);
    return {
      steps: Int32Array.from(this.#steps),
      sets: Uint8Array.from(this.#sets.flatMap(table)),
      slots: this.#slots,
      groups: this.#groups,
      first: first === undefined ? undefined : Uint8Array.from(table(first)),
      hasMemory: !some(root, isForgetful),
    };
  }

  get #here(): number {
    return this.#steps.length;
  }

  /** @returns where it stands */
  #step(kind: number, a = 0, b = 0): number {
    return this.#steps.push(kind, a, b) - 3;
  }

  #write(node: RegexNode): void {
    switch (node.kind) {
      case 'set':
        this.#step(Step.set, this.#set(node.set));
        return;
      case 'sequence':
        for (const item of node.items) this.#write(item);
        return;
      case 'choice':
        this.#choice(node.options, (option) => this.#write(option));
        return;
      case 'repeat':
        this.#repeat(node);
        return;
      case 'capture':
        this.#step(Step.save, 2 * node.number);
        this.#write(node.of);
        this.#step(Step.save, 2 * node.number + 1);
        return;
      case 'atomic':
        if (isSpan(node.of)) {
          for (let i = 0; i < node.of.least; i++) this.#write(node.of.of);
          this.#step(Step.span, this.#set(node.of.of.set));
        } else this.#enclosed(this.#step(Step.atomic), () => this.#write(node.of));
        return;
      case 'look':
        this.#enclosed(this.#step(Step.look, 0, Number(node.isNegated)), () => {
          if (!node.isBehind) this.#write(node.of);
          else {
            const options = node.of.kind === 'choice' ? node.of.options : [node.of];
            this.#choice(options, (option) => {
              this.#step(Step.back, lengthOf(option) ?? 0);
              this.#write(option);
            });
          }
        });
        return;
      case 'assertion':
        this.#step(Step.assert, assertionNames.indexOf(node.what));
        return;
      case 'reference':
        this.#step(Step.reference, node.number, Number(node.ignoresCase));
        return;
      case 'keep':
        this.#step(Step.save, 0);
        return;
      default:
        node satisfies never;
    }
  }

  #enclosed(at: number, write: () => void): void {
    write();
    this.#step(Step.done);
    this.#steps[at + 1] = this.#here;
  }

  #choice(options: readonly RegexNode[], write: (option: RegexNode) => void): void {
    const ends: number[] = [];
    for (const [index, option] of options.entries()) {
      if (index === options.length - 1) write(option);
      else {
        const fork = this.#step(Step.fork);
        this.#steps[fork + 1] = this.#here;
        write(option);
        ends.push(this.#step(Step.jump));
        this.#steps[fork + 2] = this.#here;
      }
    }
    for (const end of ends) this.#steps[end + 1] = this.#here;
  }

  #repeat({ of, least, most, isLazy }: Extract<RegexNode, { kind: 'repeat' }>): void {
    const isEndless = most === Number.POSITIVE_INFINITY;
    // Of an endless repeat the last round that must be is the one that may be again.
    for (let i = isEndless ? 1 : 0; i < least; i++) this.#write(of);
    const skips: number[] = [];
    /** Goes on, or leaves. */
    const fork = (on: number) => {
      const at = this.#step(Step.fork);
      this.#steps[at + (isLazy ? 2 : 1)] = on < 0 ? this.#here : on;
      skips.push(at + (isLazy ? 1 : 2));
    };
    if (isEndless) {
      if (least === 0) fork(-1);
      const again = this.#here;
      const slot = isNullable(of) ? this.#slots++ : undefined;
      if (slot !== undefined) this.#step(Step.save, slot);
      this.#write(of);
      if (slot !== undefined) skips.push(this.#step(Step.emptied, 0, slot) + 1);
      fork(again);
    } else {
      for (let i = least; i < most; i++) {
        fork(-1);
        this.#write(of);
      }
    }
    for (const skip of skips) this.#steps[skip] = this.#here;
  }

  #set(set: ByteSet): number {
    const known = this.#sets.findIndex((other) => other.equals(set));
    return known >= 0 ? known : this.#sets.push(set) - 1;
  }
}

function table(set: ByteSet): number[] {
  return Array.from({ length: 256 }, (_, code) => Number(set.has(code)));
}

/** Bytes that a match can begin with; undefined: any. */
function firstOf(node: RegexNode): ByteSet | undefined {
  switch (node.kind) {
    case 'set':
      return node.set;
    case 'choice':
      return unionOf(node.options.map(firstOf));
    case 'repeat':
    case 'capture':
    case 'atomic':
      return firstOf(node.of);
    case 'sequence': {
      const sets: (ByteSet | undefined)[] = [];
      for (const item of node.items) {
        if (item.kind === 'reference') return undefined;
        if (item.kind === 'look' || item.kind === 'assertion' || item.kind === 'keep') continue;
        sets.push(firstOf(item));
        if (!isNullable(item)) break;
      }
      return unionOf(sets);
    }
    default:
      return undefined;
  }
}

function unionOf(sets: readonly (ByteSet | undefined)[]): ByteSet | undefined {
  const [first, ...others] = sets;
  return others.reduce(
    (all, set) => (all === undefined || set === undefined ? undefined : all.union(set)),
    first,
  );
}
