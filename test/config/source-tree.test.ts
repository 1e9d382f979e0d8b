import { describe, expect, test } from 'vitest';
import { parse } from '../../src/config/transpile.ts';
import { placeOf } from './config-folder.ts';

function tree(text: string) {
  const parsed = parse({ file: 'x.ts', text });
  if (parsed === undefined) throw new Error('the text does not parse');
  return parsed;
}

/** Where a path in the arguments of the call at `call` leads, as LINE:COLUMN. */
function found(text: string, call: string, path: (string | number)[]): string | undefined {
  const [line = 0, column = 0] = placeOf(call, text).split(':').map(Number);
  const spot = tree(text).find({ line, column }, path);
  return spot === undefined ? undefined : `${spot.line}:${spot.column}`;
}

describe('the place of an argument', () => {
  test.each<[text: string, call: string, path: (string | number)[], at: string]>([
    ['f({ a: 1, b: 2 })', 'f(', [0, 'b'], 'b: 2'],
    ['f({ "a": 1 })', 'f(', [0, 'a'], '"a"'],
    ['f({ a() {} })', 'f(', [0, 'a'], 'a()'],
    ['f({ async a() {} })', 'f(', [0, 'a'], 'a()'],
    ['f({ get a() { return 1; } })', 'f(', [0, 'a'], 'a()'],
    ['f({ a })', 'f(', [0, 'a'], 'a }'],
    ['f({ a: { b: 1 } })', 'f(', [0, 'a', 'b'], 'b: 1'],
    ['f([1, { b: 2 }])', 'f(', [0, 1, 'b'], 'b: 2'],
    ['f(1, { b: 2 })', 'f(', [1, 'b'], 'b: 2'],
    ['f({ a: 1 } as X)', 'f(', [0, 'a'], 'a: 1'],
    ['f(<X>{ a: 1 })', 'f(', [0, 'a'], 'a: 1'],
    ['f(({ a: 1 }) satisfies X)', 'f(', [0, 'a'], 'a: 1'],
    ['const o = { a: 1 };\nf(o);', 'f(', [0, 'a'], 'a: 1'],
    ['const o = { a: 1 };\nconst p = o;\nf({ p });', 'f(', [0, 'p', 'a'], 'a: 1'],
    ['const o = { a: 1 };\nf({ ...o, b: 2 });', 'f(', [0, 'a'], 'a: 1'],
    ['const o = { a: 1 };\nf({ a: 2, ...o });', 'f(', [0, 'a'], 'a: 2'],
    ['f(g({ a: 1 }), { a: 2 })', 'g(', [0, 'a'], 'a: 1'],
    ['f(g({ a: 1 }), { a: 2 })', 'f(', [1, 'a'], 'a: 2'],
    ['f({ a: 1 }).g({ a: 2 })', 'f(', [0, 'a'], 'a: 1'],
    ['f({ a: 1 }).g({ a: 2 })', 'g(', [0, 'a'], 'a: 2'],
  ])('%s: %s %j', (text, call, path, at) => {
    expect(found(text, call, path)).toBe(placeOf(at, text));
  });

  test.each<[text: string, path: (string | number)[], at: string]>([
    ['f({ a: 1 })', [0, 'b'], '{ a'],
    ['f({ a: { b: 1 } })', [0, 'a', 'c'], 'a: {'],
    ['f({ a: make() })', [0, 'a', 'c'], 'a: make'],
    ['f({ [key]: 1 })', [0, 'key'], '{ ['],
    ['f([...list, 1])', [0, 1], '[...'],
    ['f(options)', [0, 'a'], 'options'],
    ['const o = o;\nf(o);', [0, 'a'], 'o);'],
  ])('%s %j is that of the nearest thing around it', (text, path, at) => {
    expect(found(text, 'f(', path)).toBe(placeOf(at, text));
  });

  test('of a call that is not there is unknown', () => {
    expect(tree('f({ a: 1 })').find({ line: 9, column: 1 }, [0, 'a'])).toBeUndefined();
    expect(found('f()', 'f(', [0])).toBeUndefined();
  });
});

test('imports and the default export are found', () => {
  const text = "import './a.ts';\nexport { b } from './b.ts';\n\nexport default 5;";
  expect(tree(text).importOf('./b.ts')).toEqual({ line: 2, column: 19 });
  expect(tree(text).importOf('./c.ts')).toBeUndefined();
  expect(tree(text).defaultExport).toEqual({ line: 4, column: 1 });
});

test('a text that does not parse has no tree', () => {
  expect(parse({ file: 'x.ts', text: 'f({' })).toBeUndefined();
});
