import { fc, test } from '@fast-check/vitest';
import { describe, expect, test as plain } from 'vitest';
import { changeMembers, type ShardChange, type ShardEntry } from '../../src/config/shard-members.ts';

type Entry = ShardEntry<string>;
type Change = ShardChange<string, Entry>;

const entry = (ident: string): Entry => ({ target: ident.charAt(0), ident });
const add = (ident: string): Change => ({ type: 'add', entry: entry(ident) });
const remove = (ident: string): Change => ({ type: 'remove', ident });
const changed = (before: string, ...changes: readonly Change[]) => {
  const { members } = changeMembers(before.split(' ').map(entry), changes);
  return members.map(({ ident }) => ident).join(' ');
};

describe("the order is varnishd's", () => {
  plain.each<[string, readonly Change[], string]>([
    ['a b c d', [add('e')], 'a b c d e'],
    ['a b c d', [remove('b'), add('e')], 'a e c d'],
    ['a b c d', [add('e'), remove('b')], 'a e c d'],
    ['a b c d', [remove('a')], 'd b c'],
    ['a b c d', [remove('a'), remove('d')], 'c b'],
    ['a b c d', [remove('d'), add('e')], 'a b c e'],
    ['a b c d', [remove('a'), remove('c'), add('e')], 'e b d'],
    ['a b c d', [{ type: 'clear' }, add('d'), add('a')], 'd a'],
    ['a a1 b a2', [{ type: 'remove', target: 'a' }], 'b'],
    ['a b', [add('a')], 'a b'],
  ])('%s after %j is %s', (before, changes, after) => {
    expect(changed(before, ...changes)).toBe(after);
  });
});

const ident = fc.constantFrom('a', 'a1', 'b', 'b1', 'c', 'd', 'e');
const change = fc.oneof(
  { weight: 6, arbitrary: ident.map(add) },
  { weight: 3, arbitrary: ident.map(remove) },
  { weight: 2, arbitrary: ident.map((one): Change => ({ type: 'remove', target: one.charAt(0) })) },
  { weight: 1, arbitrary: fc.constant<Change>({ type: 'clear' }) },
);

test.prop([fc.array(change, { maxLength: 20 }), fc.array(change, { maxLength: 20 })])(
  'an ident is there once, and what came and went is told exactly',
  (first, second) => {
    const before = changeMembers<string, Entry>([], first).members;
    const { members, added, removed } = changeMembers(before, second);
    const identsOf = (entries: readonly Entry[]) => entries.map((one) => one.ident).sort();
    expect(new Set(identsOf(members)).size).toBe(members.length);
    const kept = before.filter((one) => !removed.includes(one));
    expect(identsOf([...kept, ...added])).toEqual(identsOf(members));
  },
);
