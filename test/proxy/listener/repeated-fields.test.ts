/** A connection that recognises what it has read before reads the same as one that does not. */
import { fc, test } from '@fast-check/vitest';
import { expect, it } from 'vitest';
import { ChunkReader } from '../../../src/proxy/http1/chunk-reader.ts';
import { MessageParser } from '../../../src/proxy/http1/llhttp.ts';
import { INCOMPLETE, REFUSED } from '../../../src/proxy/http1/outcome.ts';
import { HeadReader } from '../../../src/proxy/listener/head-reader.ts';
import { defaultLimits } from '../../../src/proxy/listener/listener-limits.ts';

const limits = { ...defaultLimits, targetBytes: 40, headBytes: 400 };

const parser = () => new MessageParser('request');

/** All that comes of reading a head, and the body behind it. */
function readAll(pieces: readonly Buffer[], reader: HeadReader, parsing: MessageParser): unknown {
  for (const piece of pieces) {
    const outcome = reader.read(piece, 0);
    if (outcome === REFUSED) return { refused: reader.refusal };
    if (outcome === INCOMPLETE) continue;
    const { method, target, version, fields, framing } = reader;
    const bodyLength = framing.bodyLength();
    const chunks = bodyLength === undefined ? new ChunkReader(parsing, limits) : undefined;
    return {
      rest: piece.toString('latin1', outcome),
      ...{ method, target, version, bodyLength },
      raw: fields.raw.slice(),
      isLegal: fields.isLegal,
      keepsAlive: framing.keepsAlive(version),
      body: [chunks?.read(piece, outcome), chunks?.data?.toString('latin1')],
    };
  }
  return 'incomplete';
}

const usual = fc.constantFrom('GET /a HTTP/1.1\r\n', 'GET /b?c=%20 HTTP/1.1\r\n', 'GET /a HTTP/1.0\r\n');

const odd = fc.constantFrom(
  'GET  /a HTTP/1.1\r\n',
  'GET /a  HTTP/1.1\r\n',
  'GET /a b HTTP/1.1\r\n',
  'GET /a\tb HTTP/1.1\r\n',
  'GET /a HTTP/1.1\n',
  'GET /a HTTP/2.0\r\n',
  'GET  HTTP/1.1\r\n',
  'GET http://c.example/a HTTP/1.1\r\n',
  'GET * HTTP/1.1\r\n',
  `GET /${'long'.repeat(10)} HTTP/1.1\r\n`,
  'HEAD /a HTTP/1.1\r\n',
  'GETS /a HTTP/1.1\r\n',
  'POST /a HTTP/1.1\r\n',
  'CONNECT a:80 HTTP/1.1\r\n',
  '\r\nGET /a HTTP/1.1\r\n',
);

const fields = fc.constantFrom(
  'Host: a\r\n\r\n',
  'Host: b\r\n\r\n',
  'Host: a\r\nX: 1\r\n\r\n',
  'Host: a\r\nX: 2\r\n\r\n',
  'Host: a\r\nConnection: close\r\n\r\n',
  'Host: a\r\nContent-Length: 3\r\n\r\n',
  'Host: a\r\nTransfer-Encoding: chunked\r\n\r\n',
  'X: 1\r\n\r\n',
  'Host: a\nX: 1\r\n\r\n',
  `Host: a\r\nX: ${'y'.repeat(360)}\r\n\r\n`,
);

/** Heads of one connection: few different fields, so that they repeat. */
const connections = fc.array(fields, { minLength: 1, maxLength: 2 }).chain((blocks) => {
  const behind = fc.constantFrom('', '', '3\r\nabc\r\n0\r\n\r\n', 'GET /next HTTP/1.1\r\nHost: a\r\n\r\n');
  const head = fc.tuple(
    fc.oneof(usual, odd),
    fc.constantFrom(...blocks),
    behind,
    fc.option(fc.nat(60), { freq: 2 }),
  );
  return fc.array(head, { minLength: 2, maxLength: 8 });
});

test.prop({ heads: connections }, { numRuns: 2_000 })(
  'reads each head of a connection as if it were the first',
  ({ heads }) => {
    const keptParser = parser();
    const kept = new HeadReader(keptParser, limits);
    heads.every(([line, block, behind, cut]) => {
      const pieces = () => {
        const bytes = Buffer.from(line + block + behind, 'latin1');
        return cut === null ? [bytes] : [bytes.subarray(0, cut + 1), bytes.subarray(cut + 1)];
      };
      const freshParser = parser();
      const fresh = readAll(pieces(), new HeadReader(freshParser, limits), freshParser);
      expect(readAll(pieces(), kept, keptParser)).toEqual(fresh);
      // After a refusal, and within a head, nothing of another head follows.
      return typeof fresh === 'object' && fresh !== null && 'method' in fresh;
    });
  },
);

it('gives every request fields of its own', () => {
  const reader = new HeadReader(parser(), limits);
  const bytes = Buffer.from('GET /a HTTP/1.1\r\nHost: a\r\n\r\n');
  reader.read(bytes, 0);
  const first = reader.fields;
  first.set('Host', 'changed');
  first.append('X', 'added');
  reader.read(bytes, 0);
  const second = reader.fields;
  second.unset('Host');
  reader.read(bytes, 0);
  expect(reader.fields.raw).toEqual(['Host', 'a']);
  expect(first.raw).toEqual(['Host', 'changed', 'X', 'added']);
});
