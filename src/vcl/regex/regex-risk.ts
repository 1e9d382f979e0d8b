/**
 * What a backtracking matcher may do with a pattern at worst, told from the pattern alone. Its places that take a byte
 * are the states of an automaton (Glushkov's). Where from one state the same text leads back to it in two ways, tries
 * double with each byte. Where it does not, each repeat that may end too early multiplies tries by the length of the
 * text, and so does a search that may begin anywhere. The answer is an upper bound: what is hard to tell counts as bad.
 *
 * Cost: the square of the number of places, of which there are some 20; above 400 they are told summarily.
 */
import { ByteSet } from './byte-set.ts';
import { isSpan, type RegexNode } from './regex-node.ts';

export interface Risk {
  /** Tries grow no faster than the text's length to the power of this; infinite: they may double with each byte. */
  readonly power: number;
}

/** A state: a place of the pattern that takes one byte. */
interface Place {
  readonly set: ByteSet;
  /** Stands for something that is matched as a whole, and as long as it likes. */
  readonly isLong: boolean;
  /** Is left only where no more of it follows. */
  readonly isGreedy: boolean;
  readonly next: Map<Place, number>;
}

interface Part {
  readonly first: readonly Place[];
  readonly last: readonly Place[];
  readonly isNullable: boolean;
}

const MOST_PLACES = 400;
/** Rounds of a repeat that are told apart. */
const MOST_ROUNDS = 64;

class TooLarge extends Error {}

/** @param isAnchored whether a match can only begin where the search does */
export function riskOf(root: RegexNode, isAnchored: boolean): Risk {
  for (const rounds of [MOST_ROUNDS, 2]) {
    try {
      return { power: new Automaton(rounds).power(root) + (isAnchored ? 0 : 1) };
    } catch (error) {
      if (!(error instanceof TooLarge)) throw error;
    }
  }
  return { power: Number.POSITIVE_INFINITY };
}

class Automaton {
  readonly #rounds: number;
  readonly #places: Place[] = [];
  /** What lookarounds and wholes cost by themselves, at each byte. */
  #inside = 0;

  constructor(rounds: number) {
    this.#rounds = rounds;
  }

  power(root: RegexNode): number {
    const { last } = this.#part(root);
    const components = componentsOf(this.#places);
    if (components.some((component) => isAmbiguous(component))) return Number.POSITIVE_INFINITY;
    return longestChain(components, new Set(last)) + this.#inside;
  }

  #span(set: ByteSet, least: number): Part {
    const part = this.#place(set, false, true);
    connect(part.last, part.first);
    return least === 0 ? { ...part, isNullable: true } : part;
  }

  #place(set: ByteSet, isLong = false, isGreedy = false): Part {
    if (this.#places.length >= MOST_PLACES) throw new TooLarge();
    const place: Place = { set, isLong, isGreedy, next: new Map() };
    this.#places.push(place);
    return { first: [place], last: [place], isNullable: isLong };
  }

  #part(node: RegexNode): Part {
    switch (node.kind) {
      case 'set':
        return this.#place(node.set);
      case 'sequence':
        return node.items.map((item) => this.#part(item)).reduce(joined, nothing);
      case 'choice': {
        const parts = node.options.map((option) => this.#part(option));
        return {
          first: parts.flatMap(({ first }) => first),
          last: parts.flatMap(({ last }) => last),
          isNullable: parts.some(({ isNullable }) => isNullable),
        };
      }
      case 'capture':
        return this.#part(node.of);
      case 'repeat':
        return this.#repeat(node);
      case 'reference':
        return this.#place(ByteSet.all, true);
      case 'atomic':
        if (isSpan(node.of)) return this.#span(node.of.of.set, node.of.least);
        // To walk through it once is counted with the place that stands for it.
        this.#within(node.of, 1);
        return this.#place(ByteSet.all, true);
      case 'look':
        this.#within(node.of, 0);
        return nothing;
      default:
        return nothing;
    }
  }

  #within(node: RegexNode, counted: number): void {
    this.#inside = Math.max(this.#inside, new Automaton(this.#rounds).power(node) - counted);
  }

  #repeat({ of, least, most }: Extract<RegexNode, { kind: 'repeat' }>): Part {
    const isEndless = most === Number.POSITIVE_INFINITY || most > this.#rounds;
    if (isEndless) {
      const before = Array.from({ length: Math.min(Math.max(0, least - 1), this.#rounds) }, () =>
        this.#part(of),
      );
      const part = this.#part(of);
      connect(part.last, part.first);
      return [...before, least === 0 ? { ...part, isNullable: true } : part].reduce(joined, nothing);
    }
    // Each round that may be is only there behind the one before: x{0,2} is (x(x)?)?.
    let part = nothing;
    for (let i = most; i > 0; i--) {
      part = joined(this.#part(of), part);
      if (i > least) part = { ...part, isNullable: true };
    }
    return part;
  }
}

const nothing: Part = { first: [], last: [], isNullable: true };

function joined(a: Part, b: Part): Part {
  connect(a.last, b.first);
  return {
    first: a.isNullable ? [...a.first, ...b.first] : a.first,
    last: b.isNullable ? [...a.last, ...b.last] : b.last,
    isNullable: a.isNullable && b.isNullable,
  };
}

/** Ways are counted: a repeat in a repeat goes on in two. */
function connect(from: readonly Place[], to: readonly Place[]): void {
  for (const place of from) for (const next of to) place.next.set(next, (place.next.get(next) ?? 0) + 1);
}

interface Component {
  readonly places: readonly Place[];
  readonly isLoop: boolean;
}

/** Places that lead to each other, in an order in which none leads to an earlier one (Tarjan's algorithm). */
function componentsOf(places: readonly Place[]): Component[] {
  const indexes = new Map<Place, number>();
  const lows = new Map<Place, number>();
  const stack: Place[] = [];
  const onStack = new Set<Place>();
  const components: Component[] = [];
  const visit = (place: Place): void => {
    const index = indexes.size;
    indexes.set(place, index);
    let low = index;
    stack.push(place);
    onStack.add(place);
    for (const next of place.next.keys()) {
      if (!indexes.has(next)) {
        visit(next);
        low = Math.min(low, lows.get(next) as number);
      } else if (onStack.has(next)) low = Math.min(low, indexes.get(next) as number);
    }
    lows.set(place, low);
    if (low !== index) return;
    const own = stack.splice(stack.indexOf(place));
    for (const one of own) onStack.delete(one);
    components.push({ places: own, isLoop: own.length > 1 || place.next.has(place) });
  };
  for (const place of places) if (!indexes.has(place)) visit(place);
  return components.reverse();
}

/** Whether some text leads from one place back to it in two ways. */
function isAmbiguous({ places, isLoop }: Component): boolean {
  if (!isLoop) return false;
  const own = new Set(places);
  const inner = (place: Place) => [...place.next].filter(([next]) => own.has(next));
  if (places.some((place) => inner(place).some(([, ways]) => ways > 1))) return true;
  // Two walks side by side, of the same text: do they part, and meet again?
  const number = new Map(places.map((place, index) => [place, index]));
  const pairOf = (a: Place, b: Place) =>
    (number.get(a) as number) * places.length + (number.get(b) as number);
  const parted = new Map<number, readonly [Place, Place]>();
  const queue: (readonly [Place, Place])[] = [];
  const add = (a: Place, b: Place) => {
    const key = pairOf(a, b);
    if (a === b || parted.has(key) || parted.has(pairOf(b, a)) || !a.set.meets(b.set)) return;
    parted.set(key, [a, b]);
    queue.push([a, b]);
  };
  for (const place of places) {
    const next = inner(place);
    for (const [a] of next) for (const [b] of next) add(a, b);
  }
  // In a component all places lead to each other: to meet again is to be ambiguous.
  for (let pair = queue.pop(); pair !== undefined; pair = queue.pop()) {
    const [a, b] = pair;
    for (const [x] of inner(a)) {
      for (const [y] of inner(b)) {
        if (x === y) return true;
        add(x, y);
      }
    }
  }
  return false;
}

/** The most loops one behind the other that may each end too early, and one more that is only walked through. */
function longestChain(components: readonly Component[], last: ReadonlySet<Place>): number {
  const powers = new Map<Place, number>();
  let longest = 0;
  for (const { places, isLoop } of [...components].reverse()) {
    const own = new Set(places);
    const behind = Math.max(
      0,
      ...places.flatMap((p) => [...p.next.keys()].filter((n) => !own.has(n)).map((n) => powers.get(n) ?? 0)),
    );
    const isLong = isLoop || places.some((place) => place.isLong);
    let power = behind;
    if (isLong) power = isLoop && mayEndEarly(places, own, last) ? behind + 1 : Math.max(1, behind);
    for (const place of places) powers.set(place, power);
    longest = Math.max(longest, power);
  }
  return longest;
}

/** Whether a byte of the text may belong to one more round, and to what comes behind as well. */
function mayEndEarly(places: readonly Place[], own: ReadonlySet<Place>, last: ReadonlySet<Place>): boolean {
  return places.some((place) => {
    // Whatever follows the end of the pattern, it has matched by then; but an assertion may stand there.
    if (place.isGreedy) return false;
    if (last.has(place)) return true;
    const stay = [...place.next.keys()].filter((next) => own.has(next));
    const leave = [...place.next.keys()].filter((next) => !own.has(next));
    return leave.some((next) => stay.some((other) => other.set.meets(next.set)));
  });
}

/** Whether every match begins where the text, or a line, does. */
export function anchorOf(node: RegexNode): 'start' | undefined {
  switch (node.kind) {
    case 'assertion':
      return node.what === 'start' || node.what === 'search-start' ? 'start' : undefined;
    case 'choice':
      return node.options.every((option) => anchorOf(option) === 'start') ? 'start' : undefined;
    case 'capture':
    case 'atomic':
      return anchorOf(node.of);
    case 'sequence': {
      const first = node.items.find(({ kind }) => kind !== 'look' && kind !== 'keep');
      return first === undefined ? undefined : anchorOf(first);
    }
    default:
      return undefined;
  }
}
