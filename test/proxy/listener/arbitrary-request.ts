/** Valid requests of all kinds, as fast-check generates them. */
import { fc } from '@fast-check/vitest';
import type { Understood } from './memory-connection.ts';

export interface GeneratedRequest {
  readonly bytes: string;
  readonly meaning: Understood;
}

const tokenCharacter = fc.constantFrom(...'abcXYZ019-_.!#$%&*+^`|~'.split(''));
const name = fc.string({ unit: tokenCharacter, minLength: 1, maxLength: 12 }).map((text) => `X-${text}`);
const valueCharacter = fc.constantFrom(...'abc XYZ\t019:;,="\\()<>@\x80\xff'.split(''));
const value = fc
  .string({ unit: valueCharacter, maxLength: 20 })
  .map((text) => text.replace(/^[ \t]+|[ \t]+$/g, ''));
const blank = fc.constantFrom('', ' ', '  ', '\t', ' \t ');
const method = fc.constantFrom(
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'DELETE',
  'OPTIONS',
  'PATCH',
  'PURGE',
  'BAN',
  'get',
  'M-SEARCH',
  'PRI',
);
const path = fc
  .string({ unit: fc.constantFrom(...'abc/./?&=%2f~;,!$()*+@:[]{}|'.split('')), maxLength: 30 })
  .map((text) => `/${text}`);
const target = fc.oneof(
  { weight: 5, arbitrary: path },
  { weight: 1, arbitrary: path.map((text) => `http://example.com:8080${text}`) },
);
const data = fc.string({
  unit: fc.constantFrom(...'abc\r\n0 :\0\xffGET / HTTP/1.1'.split('')),
  maxLength: 60,
});
const extension = fc.constantFrom('', '', '', ';a', ';a=b', ';a="b;\\"c"', ';a=b;c');

const field = fc.record({ name, value, before: blank, after: fc.constantFrom('', ' ', '\t ') });
const trailers = fc.array(fc.record({ name, value }), { maxLength: 2 });

const body = fc.oneof(
  fc.constant({ field: '', bytes: '', text: '', fields: [] as string[], trailers: [] as string[] }),
  data.map((text) => ({
    field: `Content-Length: ${text.length}\r\n`,
    bytes: text,
    text,
    fields: ['Content-Length', String(text.length)],
    trailers: [] as string[],
  })),
  fc
    .record({ pieces: fc.array(fc.record({ text: data, extension }), { maxLength: 4 }), trailers })
    .map((chunked) => {
      const pieces = chunked.pieces.filter(({ text }) => text !== '');
      const chunks = pieces.map(
        (one) => `${one.text.length.toString(16)}${one.extension}\r\n${one.text}\r\n`,
      );
      const lines = chunked.trailers.map((one) => `${one.name}: ${one.value}\r\n`);
      return {
        field: 'Transfer-Encoding: chunked\r\n',
        bytes: `${chunks.join('')}0\r\n${lines.join('')}\r\n`,
        text: pieces.map(({ text }) => text).join(''),
        fields: ['Transfer-Encoding', 'chunked'],
        trailers: chunked.trailers.flatMap((one) => [one.name, one.value]),
      };
    }),
);

export const arbitraryRequest: fc.Arbitrary<GeneratedRequest> = fc
  .record({
    method,
    target,
    fields: fc.array(field, { maxLength: 4 }),
    body,
    emptyLine: fc.constantFrom('', '', '', '\r\n'),
  })
  .map((one) => {
    const lines = one.fields.map((line) => `${line.name}:${line.before}${line.value}${line.after}\r\n`);
    return {
      bytes: `${one.emptyLine}${one.method} ${one.target} HTTP/1.1\r\nHost: a\r\n${lines.join('')}${one.body.field}\r\n${one.body.bytes}`,
      meaning: {
        method: one.method,
        target: one.target,
        version: '1.1',
        fields: ['Host', 'a', ...one.fields.flatMap((line) => [line.name, line.value]), ...one.body.fields],
        body: one.body.text,
        trailers: one.body.trailers,
      },
    };
  });

/** Cuts bytes at some places, down to single bytes. */
export function cutAt(bytes: Buffer, places: readonly number[]): Buffer[] {
  const offsets = [...new Set(places.map((place) => place % (bytes.length + 1)))].sort((a, b) => a - b);
  const pieces: Buffer[] = [];
  let from = 0;
  for (const offset of [...offsets, bytes.length]) {
    pieces.push(bytes.subarray(from, offset));
    from = offset;
  }
  return pieces;
}
