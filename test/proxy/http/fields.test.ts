import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { Fields, sameName } from '../../../src/proxy/http/fields.ts';

const token = fc.stringMatching(/^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}$/);
/** Few enough that they meet often, in different letters. */
const name = fc.constantFrom('a', 'A', 'b', 'ab', 'Ab', 'aB', 'x^', 'x~', 'X^', '`', '@');
const value = fc.stringMatching(/^[a-z]{0,3}$/);

describe('names', () => {
  test.prop([token, token])('are the same if they differ in case only', (a, b) => {
    expect(sameName(a, b)).toBe(a.toLowerCase() === b.toLowerCase());
    expect(sameName(a, a.toUpperCase())).toBe(true);
  });
});

/** A plain list of pairs, which says what is meant. */
class NaiveFields {
  pairs: [string, string][] = [];
  is = (other: string) => (pair: [string, string]) => pair[0].toLowerCase() === other.toLowerCase();
  getAll = (of: string) => this.pairs.filter(this.is(of)).map(([, text]) => text);
  append(of: string, text: string): void {
    this.pairs.push([of, text]);
  }
  unset(of: string): void {
    this.pairs = this.pairs.filter((pair) => !this.is(of)(pair));
  }
  set(of: string, text: string): void {
    this.unset(of);
    this.append(of, text);
  }
}

test.prop([
  fc.array(fc.tuple(fc.constantFrom('append', 'set', 'unset'), name, value), { maxLength: 30 }),
  name,
])('fields are an ordered list, and what is found in one goes by names without case', (steps, wanted) => {
  const fields = new Fields();
  const naive = new NaiveFields();
  for (const [step, of, text] of steps) {
    if (step === 'unset') {
      fields.unset(of);
      naive.unset(of);
    } else {
      fields[step as 'append' | 'set'](of, text);
      naive[step as 'append' | 'set'](of, text);
    }
  }
  expect([...fields]).toEqual(naive.pairs);
  expect(fields.getAll(wanted)).toEqual(naive.getAll(wanted));
  expect(fields.get(wanted)).toBe(naive.getAll(wanted)[0]);
  expect(fields.has(wanted)).toBe(naive.getAll(wanted).length > 0);
  expect([...fields.clone()]).toEqual(naive.pairs);
});

test('what a hook writes is to be checked, what is taken away is not', () => {
  const fields = new Fields(['a', 'b'], true);
  fields.unset('a');
  fields.appendLegal('Via', '1.1 troupe');
  expect(fields.clone().isLegal).toBe(true);
  fields.append('c', 'd\r\n');
  expect(fields.isLegal).toBe(false);
  expect(fields.clone().isLegal).toBe(false);
  expect(new Fields(['a', 'b']).isLegal).toBe(false);
});
