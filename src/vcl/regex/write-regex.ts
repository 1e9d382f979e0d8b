/**
 * From a pattern to JavaScript's: sets are written out, so that no flag and no Unicode has a say. An atomic group
 * becomes a lookahead, which is never tried anew, and a reference to what it found; that takes numbers of groups, so
 * those of the pattern may have others than in PCRE.
 */
import type { ByteSet } from './byte-set.ts';
import {
  type Assertion,
  childrenOf,
  isNullable,
  type RegexNode,
  type RegexSyntax,
  some,
} from './regex-node.ts';

interface WrittenRegex {
  readonly source: string;
  /** By the number in PCRE, from 0: the number in JavaScript. */
  readonly groups: readonly number[];
}

/**
 * @returns undefined where JavaScript does not find the same:
 *   what a reference means to a group that found nothing, or only in an earlier round, and \G and \K
 */
export function writeRegex({ root, groups }: RegexSyntax): WrittenRegex | undefined {
  const isOther = (node: RegexNode) =>
    node.kind === 'reference' ||
    node.kind === 'keep' ||
    (node.kind === 'assertion' && node.what === 'search-start') ||
    // What is inside is found by the first way to match, which is another one where a round may be empty.
    (node.kind === 'atomic' && some(node.of, mayGoInEmptyRounds)) ||
    // JavaScript reads it backwards, and would come to the reference first.
    (node.kind === 'look' && node.isBehind && some(node.of, ({ kind }) => kind === 'atomic'));
  if (some(root, isOther)) return undefined;
  const numbers = new Array<number>(groups + 1).fill(0);
  let count = 0;
  const write = (node: RegexNode): string => {
    switch (node.kind) {
      case 'set':
        return writeSet(node.set);
      case 'sequence':
        return node.items
          .map((item) => (item.kind === 'choice' ? `(?:${write(item)})` : write(item)))
          .join('');
      case 'choice':
        return node.options.map(write).join('|');
      case 'repeat': {
        const { least, most, isLazy } = node;
        const of =
          node.of.kind === 'set' || node.of.kind === 'capture' ? write(node.of) : `(?:${write(node.of)})`;
        return `${of}${quantifier(least, most)}${isLazy ? '?' : ''}`;
      }
      case 'capture':
        numbers[node.number] = ++count;
        return `(${write(node.of)})`;
      case 'atomic': {
        const number = ++count;
        return `(?:(?=(${write(node.of)}))\\${number})`;
      }
      case 'look':
        return `(?${node.isBehind ? '<' : ''}${node.isNegated ? '!' : '='}${write(node.of)})`;
      case 'assertion':
        return assertions[node.what];
      default:
        return '';
    }
  };
  const source = write(root);
  try {
    new RegExp(source);
  } catch {
    // It is larger than JavaScript takes.
    return undefined;
  }
  return { source, groups: numbers };
}

const assertions: Readonly<Record<Assertion, string>> = {
  start: '^',
  end: '$',
  'last-line-end': '(?=\\n?$)',
  'line-start': '(?:^|(?<=\\n)(?!$))',
  'line-end': '(?=\\n|$)',
  boundary: '\\b',
  'no-boundary': '\\B',
  'search-start': '',
};

function isCapture(node: RegexNode): boolean {
  return node.kind === 'capture';
}

/** JavaScript takes back a round that used up nothing; for PCRE it is the last. */
function mayGoInEmptyRounds(node: RegexNode): boolean {
  return node.kind === 'repeat' && node.most > node.least && isNullable(node.of);
}

/**
 * Whether groups find the same in JavaScript, which forgets in each round what they found in the one before, reads
 * backwards what must stand behind, and takes back rounds that used up nothing. Without groups only the last counts,
 * and only for where a match ends.
 */
export function hasSameGroups(root: RegexNode): boolean {
  return !some(
    root,
    (node) =>
      mayGoInEmptyRounds(node) ||
      (node.kind === 'repeat' && node.most > 1 && maySkip(node.of)) ||
      (node.kind === 'look' && node.isBehind && some(node.of, isCapture)),
  );
}

/** Whether a group inside may be passed by. */
function maySkip(node: RegexNode): boolean {
  const mayPassBy =
    node.kind === 'choice' ||
    (node.kind === 'repeat' && node.least === 0) ||
    (node.kind === 'look' && node.isNegated);
  return mayPassBy ? some(node, isCapture) : childrenOf(node).some(maySkip);
}

function quantifier(least: number, most: number): string {
  if (most === Number.POSITIVE_INFINITY) return least === 0 ? '*' : least === 1 ? '+' : `{${least},}`;
  if (least === 0 && most === 1) return '?';
  return least === most ? `{${least}}` : `{${least},${most}}`;
}

function writeSet(set: ByteSet): string {
  const ranges = set.ranges();
  const [first] = ranges;
  if (first === undefined) return '[]';
  if (ranges.length === 1 && first[0] === first[1]) return escaped(first[0]);
  if (ranges.length <= 2) return `[${ranges.map(writeRange).join('')}]`;
  const others = set.complement().ranges();
  const isNegated = others.length < ranges.length;
  return `[${isNegated ? '^' : ''}${(isNegated ? others : ranges).map(writeRange).join('')}]`;
}

function writeRange([low, high]: readonly [number, number]): string {
  return low === high ? escaped(low) : `${escaped(low)}-${escaped(high)}`;
}

function escaped(code: number): string {
  const text = String.fromCharCode(code);
  return /[\w ]/.test(text) ? text : `\\x${code.toString(16).padStart(2, '0')}`;
}
