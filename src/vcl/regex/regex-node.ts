/** What a pattern says, with flags and escapes resolved: places of one byte are sets, whatever they were written as. */
import type { ByteSet } from './byte-set.ts';

/** Why nothing of the text is used up there. */
export type Assertion =
  | 'start'
  | 'end'
  /** The end, or in front of a line feed that ends the text. */
  | 'last-line-end'
  | 'line-start'
  | 'line-end'
  | 'boundary'
  | 'no-boundary'
  /** Where the search began: \G. */
  | 'search-start';

export type RegexNode =
  | { readonly kind: 'set'; readonly set: ByteSet }
  | { readonly kind: 'sequence'; readonly items: readonly RegexNode[] }
  | { readonly kind: 'choice'; readonly options: readonly RegexNode[] }
  | RepeatNode
  | { readonly kind: 'capture'; readonly number: number; readonly of: RegexNode }
  /** Once it has matched, nothing else is tried inside. */
  | { readonly kind: 'atomic'; readonly of: RegexNode }
  | LookNode
  | { readonly kind: 'assertion'; readonly what: Assertion }
  | { readonly kind: 'reference'; readonly number: number; readonly ignoresCase: boolean }
  /** The match begins here: \K. */
  | { readonly kind: 'keep' };

export interface RepeatNode {
  readonly kind: 'repeat';
  readonly of: RegexNode;
  readonly least: number;
  /** May be infinite. */
  readonly most: number;
  readonly isLazy: boolean;
}

interface LookNode {
  readonly kind: 'look';
  readonly isBehind: boolean;
  readonly isNegated: boolean;
  readonly of: RegexNode;
}

export interface RegexSyntax {
  readonly root: RegexNode;
  /** Of capturing groups. */
  readonly groups: number;
}

/** `[a-z]++`: of all ways to match only the longest, which is found without trying others. */
interface Span {
  readonly kind: 'repeat';
  readonly least: number;
  readonly of: { readonly kind: 'set'; readonly set: ByteSet };
}

/** @param node of an atomic group */
export function isSpan(node: RegexNode): node is RepeatNode & Span {
  if (node.kind !== 'repeat' || node.isLazy) return false;
  return node.most === Number.POSITIVE_INFINITY && node.of.kind === 'set';
}

export function sequence(items: readonly RegexNode[]): RegexNode {
  const [only] = items;
  return items.length === 1 && only !== undefined ? only : { kind: 'sequence', items };
}

export function childrenOf(node: RegexNode): readonly RegexNode[] {
  switch (node.kind) {
    case 'sequence':
      return node.items;
    case 'choice':
      return node.options;
    case 'repeat':
    case 'capture':
    case 'atomic':
    case 'look':
      return [node.of];
    default:
      return [];
  }
}

export function some(node: RegexNode, is: (node: RegexNode) => boolean): boolean {
  return is(node) || childrenOf(node).some((child) => some(child, is));
}

/** Whether it can match without using up anything. */
export function isNullable(node: RegexNode): boolean {
  switch (node.kind) {
    case 'set':
      return false;
    case 'sequence':
      return node.items.every(isNullable);
    case 'choice':
      return node.options.some(isNullable);
    case 'repeat':
      return node.least === 0 || isNullable(node.of);
    case 'capture':
    case 'atomic':
      return isNullable(node.of);
    default:
      return true;
  }
}

/** How many bytes it uses up, if that is always the same. */
export function lengthOf(node: RegexNode): number | undefined {
  switch (node.kind) {
    case 'set':
      return 1;
    case 'sequence':
      return node.items.reduce<number | undefined>((sum, item) => {
        const length = sum === undefined ? undefined : lengthOf(item);
        return length === undefined ? undefined : (sum as number) + length;
      }, 0);
    case 'choice': {
      const [first, ...others] = node.options.map(lengthOf);
      return others.every((length) => length === first) ? first : undefined;
    }
    case 'repeat': {
      const length = lengthOf(node.of);
      if (length === undefined || length === 0) return length;
      return node.least === node.most ? length * node.least : undefined;
    }
    case 'capture':
    case 'atomic':
      return lengthOf(node.of);
    case 'reference':
      return undefined;
    default:
      return 0;
  }
}
