import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { variantKey, varyOf } from '../../../src/proxy/cache/vary.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';

const key = (names: string[], ...fields: string[]) => variantKey(names, new Fields(fields));

test('names count once, in any case and order', () => {
  expect(varyOf(new Fields(['Vary', 'Foo, bar', 'vary', 'BAR, , baz']))).toEqual(['bar', 'baz', 'foo']);
  expect(varyOf(new Fields(['Vary', 'foo', 'Vary', ' * ']))).toBe('all');
  expect(varyOf(new Fields(['Vary', 'Accept-Encoding']))).toEqual([]);
});

test('what means the same is the same variant', () => {
  expect(key(['foo'], 'Foo', 'a,b')).toBe(key(['foo'], 'foo', ' a ,  b ', 'FOO', ''));
  expect(key(['accept-language'], 'Accept-Language', 'EN')).toBe(
    key(['accept-language'], 'accept-language', 'en'),
  );
});

test('what differs is another one', () => {
  expect(key(['foo'], 'Foo', 'a')).not.toBe(key(['foo'], 'Foo', 'A'));
  expect(key(['foo'])).not.toBe(key(['foo'], 'Foo', ''));
  expect(key(['bar', 'foo'], 'Bar', 'a')).not.toBe(key(['bar', 'foo'], 'Foo', 'a'));
});

const value = fc.option(fc.stringMatching(/^[a-c-]{1,3}$/), { nil: undefined });
test.prop([value, value, value, value])(
  'no two requests share a key that differ in a field',
  (a, b, c, d) => {
    const fields = (x: string | undefined, y: string | undefined) => [
      ...(x === undefined ? [] : ['x', x]),
      ...(y === undefined ? [] : ['y', y]),
    ];
    const same = key(['x', 'y'], ...fields(a, b)) === key(['x', 'y'], ...fields(c, d));
    expect(same).toBe(a === c && b === d);
  },
);
