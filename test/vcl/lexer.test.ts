import { fc, test } from '@fast-check/vitest';
import { describe, expect, it } from 'vitest';
import { lex } from '../../src/vcl/lexer.ts';
import { VclMistake } from '../../src/vcl/mistake.ts';
import { VclSource } from '../../src/vcl/source.ts';

const words = (text: string) =>
  lex(new VclSource('a.vcl', text)).map((token) => `${token.kind}:${token.text}`);

const piece = fc.constantFrom(
  ...[
    'sub',
    'req.url',
    '{',
    '}',
    '(',
    ')',
    ';',
    '==',
    '!=',
    '=',
    '~',
    '!~',
    '+',
    '+=',
    '&&',
    '||',
    '12',
    '1.5',
    '10s',
  ],
  ...['"a b"', '{"long"}', '"""x"y"""', ':YQ==:', 'x-y_1'],
);
const between = fc.constantFrom(
  ' ',
  '\n',
  '\t',
  '\r\n',
  ' # remark\n',
  ' // remark\n',
  ' /* re\nmark */ ',
  '/**/',
);

describe('the lexer', () => {
  test.prop([fc.array(fc.tuple(piece, between), { maxLength: 30 })])(
    'finds the same tokens whatever stands between them',
    (pieces) => {
      const plain = pieces.map(([word]) => word).join(' ');
      const full = pieces.map(([word, gap]) => word + gap).join('');
      expect(words(full)).toEqual(words(plain));
    },
  );

  test.prop([fc.array(fc.tuple(piece, between), { maxLength: 30 })])(
    'leaves out nothing but blanks and comments, and knows where each token stands',
    (pieces) => {
      const text = pieces.map(([word, gap]) => word + gap).join('');
      const source = new VclSource('a.vcl', text);
      let at = 0;
      for (const { start, end } of lex(source)) {
        expect(text.slice(at, start).replace(/\/\*[\s\S]*?\*\/|(?:#|\/\/).*\n|\s/g, '')).toBe('');
        expect(source.place(start, end).line).toBe(text.slice(0, start).split('\n').length);
        at = end;
      }
      expect(at).toBe(text.length);
    },
  );

  test.prop([fc.string({ unit: 'binary', maxLength: 80 })], { numRuns: 3_000 })(
    'ends on any bytes, with tokens or with one mistake',
    (text) => {
      try {
        expect(words(Buffer.from(text).toString('latin1')).at(-1)).toBe('EOI:');
      } catch (error) {
        expect(error).toBeInstanceOf(VclMistake);
      }
    },
  );

  it('reads names, numbers and symbols greedily', () => {
    expect(words('req.http.X-A 10s 1.5 1. a<=b !~c')).toEqual([
      'ID:req',
      '.:.',
      'ID:http',
      '.:.',
      'ID:X-A',
      'CNUM:10',
      'ID:s',
      'FNUM:1.5',
      'FNUM:1.',
      'ID:a',
      '<=:<=',
      'ID:b',
      '!~:!~',
      'ID:c',
      'EOI:',
    ]);
  });

  it('keeps what stands in strings as it is', () => {
    expect(words('"a\\n" {"b "c" "} """d"""')).toEqual(['CSTR:a\\n', 'CSTR:b "c" ', 'CSTR:d', 'EOI:']);
  });

  it('counts columns in characters, as an editor does', () => {
    const source = new VclSource('a.vcl', Buffer.from('\n"é€" x').toString('latin1'));
    const [, x] = lex(source);
    expect(x && source.place(x.start, x.end)).toEqual({ file: 'a.vcl', line: 2, column: 6, length: 1 });
  });
});
