import { expect, test } from 'vitest';
import { Fields } from '../../../src/proxy/http/fields.ts';
import {
  contentLength,
  dropConnectionOptions,
  dropResponseFraming,
  dropResponseHopByHop,
  endToEndRequest,
  pipedRequest,
} from '../../../src/proxy/request/hop-by-hop.ts';

const hopByHop = [
  'Connection',
  'keep-alive',
  'Keep-Alive',
  'timeout=5',
  'Proxy-Connection',
  'keep-alive',
  'TE',
  'gzip',
  'Transfer-Encoding',
  'chunked',
  'Upgrade',
  'websocket',
];
const endToEnd = [
  'Host',
  'a',
  'X-One',
  '1',
  'Cookie',
  'c=1',
  'Proxy-Authorization',
  'Basic eA==',
  'Max-Forwards',
  '3',
];

function mixed(): Fields {
  const raw: string[] = [];
  for (let i = 0; i < Math.max(hopByHop.length, endToEnd.length); i += 2) {
    raw.push(...hopByHop.slice(i, i + 2), ...endToEnd.slice(i, i + 2));
  }
  return new Fields(raw);
}

test('a request goes on with its end-to-end fields only, in their order', () => {
  const sent = mixed();
  expect(endToEndRequest(sent).raw).toEqual(endToEnd);
  expect(sent.raw).toEqual(mixed().raw);
});

test('names are compared without case', () => {
  const fields = new Fields(['cOnNeCtIoN', 'close', 'TRANSFER-ENCODING', 'chunked', 'x', 'y']);
  expect(endToEndRequest(fields).raw).toEqual(['x', 'y']);
});

test('a client that understands trailers is believed, and nothing else of TE goes on', () => {
  expect(endToEndRequest(new Fields(['te', 'gzip;q=0.5, Trailers'])).raw).toEqual(['TE', 'trailers']);
  expect(endToEndRequest(new Fields(['TE', 'deflate'])).raw).toEqual([]);
});

test('expectations and announced trailers of a request end here', () => {
  const fields = new Fields(['Expect', '100-continue', 'Trailer', 'Digest', 'a', 'b']);
  expect(endToEndRequest(fields).raw).toEqual(['a', 'b']);
});

test('fields that Connection names are removed, wherever and however often it stands', () => {
  const fields = new Fields([
    'x-a',
    '1',
    'Connection',
    'X-A , close',
    'X-B',
    '2',
    'connection',
    ',x-b,',
    'X-C',
    '3',
  ]);
  dropConnectionOptions(fields);
  expect([...fields].map(([name]) => name)).toEqual(['Connection', 'connection', 'X-C']);
});

test.each(['Host', 'Content-Length', 'Transfer-Encoding', 'Upgrade', 'TE'])(
  'Connection cannot take %s away',
  (name) => {
    const fields = new Fields(['Connection', name, name, 'x']);
    dropConnectionOptions(fields);
    expect(fields.get(name)).toBe('x');
  },
);

test('a pipe keeps what frames the bytes that follow, and nothing of the old connection', () => {
  const piped = pipedRequest(new Fields([...mixed().raw, 'Content-Length', '3', 'Expect', '100-continue']));
  expect([...piped].map(([name]) => name)).toEqual([
    'Host',
    'X-One',
    'Cookie',
    'TE',
    'Proxy-Authorization',
    'Transfer-Encoding',
    'Max-Forwards',
    'Content-Length',
  ]);
});

test('a response loses its hop-by-hop fields and those that its Connection names', () => {
  const fields = new Fields([
    'Connection',
    'X-Hop',
    'X-Hop',
    '1',
    'Keep-Alive',
    'a',
    'Content-Length',
    '3',
    'Trailer',
    'T',
  ]);
  dropResponseHopByHop(fields);
  expect(fields.raw).toEqual(['Content-Length', '3', 'Trailer', 'T']);
});

test('Trailer goes to a client only if trailers can', () => {
  const head = () => ({
    status: 200,
    reason: '',
    fields: new Fields(['Content-Length', '3', 'Trailer', 'T', 'a', 'b']),
  });
  const [with_, without] = [head(), head()];
  dropResponseFraming(with_, true);
  dropResponseFraming(without, false);
  expect(with_.fields.raw).toEqual(['Trailer', 'T', 'a', 'b']);
  expect(without.fields.raw).toEqual(['a', 'b']);
});

test('the length of a body is what Content-Length says, unless the coding decides', () => {
  expect(contentLength(new Fields(['content-length', '12']))).toBe(12);
  expect(contentLength(new Fields(['Content-Length', '12', 'Transfer-Encoding', 'chunked']))).toBeUndefined();
  expect(contentLength(new Fields(['Content-Length', '1e3']))).toBeUndefined();
  expect(contentLength(new Fields([]))).toBeUndefined();
});

test('each field Connection counts, also behind one that says nothing', () => {
  const fields = new Fields(['Connection', 'close', 'X-One', '1', 'Connection', 'X-One', 'X-Two', '2']);
  expect(dropConnectionOptions(fields)).toBe(false);
  expect(fields.raw).toEqual(['Connection', 'close', 'Connection', 'X-One', 'X-Two', '2']);
});

test.each([
  ['Upgrade', true],
  ['keep-alive, upgrade', true],
  ['keep-alive', false],
  ['X-Upgrade', false],
])('Connection: %s names Upgrade: %s', (value, names) => {
  expect(dropConnectionOptions(new Fields(['Connection', value, 'Upgrade', 'websocket']))).toBe(names);
});
