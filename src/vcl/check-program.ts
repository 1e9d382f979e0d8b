/**
 * What can be said only of a whole program: what is named is defined and what is defined is named, subs do not
 * call themselves, and what a sub returns and uses is allowed in every method that calls it (vcc_xref.c).
 */
import { everywhere, type Method, methods } from './methods.ts';
import { type Mistakes, VclMistake } from './mistake.ts';
import type { SubRecord, Use, UseKind } from './sub-record.ts';
import type { Symbols } from './symbols.ts';
import type { Token } from './token.ts';

export type SubRecords = ReadonlyMap<string, SubRecord>;

/** Calls in each other; more, and looking at them would need more stack than there is. */
const DEEPEST = 500;

/** @param subs in the order of their names, in which varnishd looks at them */
export function checkProgram(symbols: Symbols, subs: SubRecords, mistakes: Mistakes): void {
  checkReferences(symbols, mistakes);
  if (!mistakes.isEmpty) return;
  for (const sub of subs.values()) {
    mistakes.guard('returns', () => checkReturns(sub, subs, sub.method, new Map()));
  }
  if (!mistakes.isEmpty) return;
  for (const sub of subs.values()) {
    if (sub.method !== undefined) {
      const { method } = sub;
      mistakes.guard('uses', () => checkUses(sub, subs, method, new Set()));
    }
  }
  if (!mistakes.isEmpty) return;
  const possible = new Map<SubRecord, number>();
  for (const sub of subs.values()) {
    if (possibleMethods(sub, subs, possible) !== 0) continue;
    mistakes.add('uses', new VclMistake('Impossible Subroutine', sub.name));
  }
}

function checkReferences(symbols: Symbols, mistakes: Mistakes): void {
  for (const { kind, defined, referenced, isExempt } of symbols.handles()) {
    if (isExempt) continue;
    if (defined === undefined && referenced !== undefined) {
      const message = `Undefined ${kind} ${referenced.text}, first reference:`;
      mistakes.add('references', new VclMistake(message, referenced));
    } else if (defined !== undefined && referenced === undefined) {
      mistakes.add('references', new VclMistake(`Unused ${kind} ${defined.text}, defined:`, defined));
    }
  }
}

/**
 * @param seen subs that were come to, and whether they are done with: each is looked at once, however it is called
 * @throws VclMistake
 */
function checkReturns(
  sub: SubRecord,
  subs: SubRecords,
  method: Method | undefined,
  seen: Map<SubRecord, 'open' | 'done'>,
  depth = 0,
): void {
  const known = seen.get(sub);
  if (known === 'open') throw new VclMistake('Subroutine recurses on', sub.name);
  if (known === 'done') return;
  if (depth > DEEPEST) throw new VclMistake(`Subs call each other more than ${DEEPEST} deep.`, sub.name);
  seen.set(sub, 'open');
  if (method !== undefined) {
    for (const [word, token] of sub.returns) {
      if (method.returns.includes(word)) continue;
      const legal = method.returns.map((one) => `"${one}"`).join(' ');
      throw new VclMistake(
        `Invalid return "${word}"`,
        token,
        token,
        `Legal returns of ${method.name} are: ${legal}`,
      ).from(`in subroutine "${sub.symbol.name}"`, sub.name);
    }
  }
  for (const { sub: symbol, token } of sub.calls) {
    const called = subs.get(symbol.name.toLowerCase());
    if (called !== undefined) {
      within(sub, token, () => checkReturns(called, subs, method, seen, depth + 1));
    }
  }
  seen.set(sub, 'done');
}

const useSentences: Readonly<Record<UseKind, string>> = {
  read: 'Not available',
  write: 'Cannot be set',
  unset: 'Cannot be unset',
  action: 'Not a valid action',
};

/**
 * @param seen subs that are looked at already
 * @throws VclMistake
 */
function checkUses(sub: SubRecord, subs: SubRecords, method: Method, seen: Set<SubRecord>): void {
  if (seen.has(sub)) return;
  seen.add(sub);
  for (const use of sub.uses) {
    if ((use.methods & method.bit) !== 0) continue;
    throw illegalUse(use, sub, method);
  }
  for (const { sub: symbol, token } of sub.calls) {
    const called = subs.get(symbol.name.toLowerCase());
    if (called !== undefined) within(sub, token, () => checkUses(called, subs, method, seen));
  }
}

function illegalUse(use: Use, sub: SubRecord, method: Method): VclMistake {
  const { kind, methods: bits, readable, first, last } = use;
  const isNowhere = kind === 'write' && bits === 0;
  if (isNowhere && readable === 0) return new VclMistake('Variable cannot be set.', first, last);
  const where = `in subroutine "${sub.symbol.name}"`;
  if (isNowhere && (readable & method.bit) !== 0) {
    return new VclMistake('Variable is read only.', first, last).from(where, sub.name);
  }
  const sentence = useSentences[isNowhere ? 'read' : kind];
  if (sub.method !== undefined) {
    return new VclMistake(`${sentence} in subroutine '${method.name}'.`, first, last);
  }
  return new VclMistake(`${sentence} from subroutine '${method.name}'.`, first, last).from(where, sub.name);
}

function within(caller: SubRecord, call: Token, work: () => void): void {
  try {
    work();
  } catch (error) {
    if (error instanceof VclMistake) error.from(`called from "${caller.symbol.name}"`, call);
    throw error;
  }
}

/** Methods that could call a sub, as bits. @param known of those that are looked at already */
function possibleMethods(sub: SubRecord, subs: SubRecords, known: Map<SubRecord, number>): number {
  let bits = known.get(sub);
  if (bits !== undefined) return bits;
  bits = everywhere;
  for (const use of sub.uses) bits &= use.methods;
  for (const word of sub.returns.keys()) {
    bits &= methods.reduce((all, { bit, returns }) => (returns.includes(word) ? all | bit : all), 0);
  }
  for (const { sub: symbol } of sub.calls) {
    const called = subs.get(symbol.name.toLowerCase());
    if (called !== undefined) bits &= possibleMethods(called, subs, known);
  }
  known.set(sub, bits);
  return bits;
}
