/**
 * Origins that lie about where their answers end, or do not speak HTTP at all. Whatever they send, a fetch
 * ends with an error or a correctly cut answer, and nobody else's fetch sees a byte of it: the connection
 * carries no second request.
 */
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { ErrorCode } from '../../../src/errors.ts';
import { createHttp1Transport, type Http1Transport } from '../../../src/proxy/fetch/http1-transport.ts';
import type { FetchRequest } from '../../../src/proxy/fetch/transport.ts';
import { type RawOrigin, rawOrigin } from '../../support/raw-origin.ts';
import { realClock } from '../../support/real-clock.ts';
import { runFetch } from '../../support/run-fetch.ts';

let transport: Http1Transport;
let origin: RawOrigin;
beforeEach(() => {
  transport = createHttp1Transport({ clock: realClock });
});
afterEach(async () => {
  await transport.close();
  await origin.close();
});

const ok = 'HTTP/1.1 200 OK\r\n';
const smuggled = `${ok}Content-Length: 8\r\n\r\nsmuggled`;

interface Lie {
  readonly name: string;
  /**
   * Pieces, each its own write, or `<end>`, `<reset>`; `<heard>`: waits until the fetch has had the body so
   * far; `<over>`: waits until it has ended, so that what follows comes on an idle connection.
   */
  readonly answer: readonly string[];
  readonly request?: Partial<FetchRequest>;
  /** The answer as cut, or the error and how much of the body came before it. */
  readonly expected:
    | { readonly status: number; readonly body: string }
    | { readonly code: ErrorCode; readonly body?: string };
}

const malformed = { code: 'backend.malformed' } as const;
const reset = { code: 'backend.reset' } as const;
const hello = { status: 200, body: 'hello' } as const;

function lying(
  name: string,
  answer: string | readonly string[],
  expected: Lie['expected'],
  request = {},
): Lie {
  return { name, answer: typeof answer === 'string' ? [answer] : answer, expected, request };
}

const lies: readonly Lie[] = [
  // Two answers to the question where the body ends.
  lying(
    'Content-Length with Transfer-Encoding',
    `${ok}Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n${smuggled}`,
    malformed,
  ),
  lying(
    'Transfer-Encoding with Content-Length',
    `${ok}Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying(
    'two different Content-Lengths',
    `${ok}Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello!`,
    malformed,
  ),
  lying(
    'the same Content-Length twice',
    `${ok}Content-Length: 5\r\nContent-Length: 5\r\n\r\nhello`,
    malformed,
  ),
  lying('a list of Content-Lengths', `${ok}Content-Length: 5, 5\r\n\r\nhello`, malformed),
  lying('a signed Content-Length', `${ok}Content-Length: +5\r\n\r\nhello`, malformed),
  lying('a negative Content-Length', `${ok}Content-Length: -5\r\n\r\nhello`, malformed),
  lying('an empty Content-Length', `${ok}Content-Length:\r\n\r\nhello`, malformed),
  lying('a hexadecimal Content-Length', `${ok}Content-Length: 0x5\r\n\r\nhello`, malformed),
  lying('a Content-Length with a space in it', `${ok}Content-Length: 5 5\r\n\r\nhello`, malformed),
  lying('a Content-Length over 2^64', `${ok}Content-Length: 18446744073709551621\r\n\r\nhello`, malformed),
  lying(
    'a coding before chunked',
    `${ok}Transfer-Encoding: gzip, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying('a coding after chunked', `${ok}Transfer-Encoding: chunked, gzip\r\n\r\nhello`, malformed),
  lying(
    'chunked twice',
    `${ok}Transfer-Encoding: chunked, chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying(
    'two Transfer-Encodings',
    `${ok}Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying(
    'Transfer-Encoding identity',
    `${ok}Transfer-Encoding: identity\r\nContent-Length: 5\r\n\r\nhello`,
    malformed,
  ),
  lying('an unknown Transfer-Encoding', `${ok}Transfer-Encoding: xchunked\r\n\r\nhello`, malformed),
  lying(
    'Transfer-Encoding in HTTP/1.0',
    'HTTP/1.0 200 OK\r\nConnection: keep-alive\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    malformed,
  ),

  // Interim answers that are none.
  lying(
    'an interim answer with a bare CR',
    `HTTP/1.1 103 Early\r\nLink: <\r>\r\n\r\n${ok}Content-Length: 5\r\n\r\nhello`,
    malformed,
  ),
  lying(
    'an interim answer with a NUL',
    `HTTP/1.1 103 Early\r\nLink: \0\r\n\r\n${ok}Content-Length: 5\r\n\r\nhello`,
    malformed,
  ),
  lying(
    'an interim answer with a line that is no field',
    `HTTP/1.1 103 Early\r\nLink\r\n\r\n${ok}Content-Length: 5\r\n\r\nhello`,
    malformed,
  ),
  lying(
    'an interim answer ended by line feeds',
    `HTTP/1.1 103 Early\nLink: a\n\n${ok}Content-Length: 5\r\n\r\nhello`,
    malformed,
  ),

  // More than was announced.
  lying('an answer after the body', `${ok}Content-Length: 5\r\n\r\nhello${smuggled}`, hello),
  lying(
    'an answer after the body, later',
    [`${ok}Content-Length: 5\r\n\r\nhello`, '<over>', smuggled],
    hello,
  ),
  lying('text after the body', `${ok}Content-Length: 5\r\n\r\nhello, world`, hello),
  lying('a line end after the body', `${ok}Content-Length: 5\r\n\r\nhello\r\n`, hello),
  lying('a line end after the body, later', [`${ok}Content-Length: 5\r\n\r\nhello`, '<over>', '\r\n'], hello),
  lying(
    'an answer after the last chunk',
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n${smuggled}`,
    hello,
  ),
  lying(
    'a line end after the last chunk',
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n\r\n`,
    hello,
  ),
  lying(
    'a line feed after the last chunk',
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n\n`,
    hello,
  ),
  lying('a body although the length is 0', `${ok}Content-Length: 0\r\n\r\nhello`, { status: 200, body: '' }),
  lying('a line end although the length is 0', `${ok}Content-Length: 0\r\n\r\n\r\n`, {
    status: 200,
    body: '',
  }),
  lying('a 204 with a body', 'HTTP/1.1 204 No Content\r\nContent-Length: 5\r\n\r\nhello', {
    status: 204,
    body: '',
  }),
  lying(
    'a 204 with a body in chunks',
    'HTTP/1.1 204 No Content\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n',
    { status: 204, body: '' },
  ),
  lying('a 204 with a body of no announced length', 'HTTP/1.1 204 No Content\r\n\r\nhello', {
    status: 204,
    body: '',
  }),
  lying('a 304 with a body', 'HTTP/1.1 304 Not Modified\r\nContent-Length: 5\r\n\r\nhello', {
    status: 304,
    body: '',
  }),
  lying(
    'a body in answer to HEAD',
    `${ok}Content-Length: ${smuggled.length}\r\n\r\n${smuggled}`,
    { status: 200, body: '' },
    { method: 'HEAD' },
  ),
  lying(
    'a body in answer to HEAD, later',
    [`${ok}Content-Length: ${smuggled.length}\r\n\r\n`, '<over>', smuggled],
    { status: 200, body: '' },
    { method: 'HEAD' },
  ),

  // Less than was announced.
  lying('a short body', [`${ok}Content-Length: 10\r\n\r\nhello`, '<end>'], { ...reset, body: 'hello' }),
  lying(
    'a short body on a connection to be closed',
    [`${ok}Connection: close\r\nContent-Length: 10\r\n\r\nhello`, '<end>'],
    { ...reset, body: 'hello' },
  ),
  lying('a short body in HTTP/1.0', ['HTTP/1.0 200 OK\r\nContent-Length: 10\r\n\r\nhello', '<end>'], {
    ...reset,
    body: 'hello',
  }),
  lying('no last chunk', [`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, '<end>'], {
    ...reset,
    body: 'hello',
  }),
  lying(
    'no last chunk on a connection to be closed',
    [`${ok}Connection: close\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`, '<end>'],
    { ...reset, body: 'hello' },
  ),
  lying('a chunk cut short', [`${ok}Transfer-Encoding: chunked\r\n\r\na\r\nhello`, '<end>'], {
    ...reset,
    body: 'hello',
  }),
  lying(
    'a last chunk without its end',
    [`${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n`, '<end>'],
    { ...reset, body: 'hello' },
  ),
  lying('a reset in the middle of the body', [`${ok}Content-Length: 10\r\n\r\nhello`, '<heard>', '<reset>'], {
    ...reset,
    body: 'hello',
  }),
  lying(
    'a reset in the middle of a chunk',
    [`${ok}Transfer-Encoding: chunked\r\n\r\na\r\nhello`, '<heard>', '<reset>'],
    { ...reset, body: 'hello' },
  ),
  lying('nothing but a close', ['<end>'], reset),
  lying('nothing but a reset', ['<reset>'], reset),
  lying('half a status line', ['HTTP/1.1 20', '<end>'], reset),
  lying('half a head', [`${ok}Content-Le`, '<end>'], reset),
  lying('a head without its empty line', [`${ok}Content-Length: 5\r\n`, '<end>'], reset),
  lying('nothing at all', [], { code: 'backend.first-byte-timeout' }, { firstByteTimeoutMs: 50 }),
  lying(
    'half a head and then nothing',
    [`${ok}Content-`],
    { code: 'backend.between-bytes-timeout' },
    { betweenBytesTimeoutMs: 50 },
  ),
  lying(
    'half a body and then nothing',
    [`${ok}Content-Length: 9\r\n\r\nhello`],
    { code: 'backend.between-bytes-timeout', body: 'hello' },
    { betweenBytesTimeoutMs: 50 },
  ),

  // Chunks that are none.
  lying(
    'a chunk size that is no number',
    `${ok}Transfer-Encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying(
    'a negative chunk size',
    `${ok}Transfer-Encoding: chunked\r\n\r\n-5\r\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying(
    'a chunk size over 2^64',
    `${ok}Transfer-Encoding: chunked\r\n\r\n10000000000000005\r\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying(
    'a chunk size with 0x',
    `${ok}Transfer-Encoding: chunked\r\n\r\n0x5\r\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying('a chunk longer than its size', `${ok}Transfer-Encoding: chunked\r\n\r\n3\r\nhello\r\n0\r\n\r\n`, {
    ...malformed,
    body: 'hel',
  }),
  lying(
    'a chunk size ended by a line feed',
    `${ok}Transfer-Encoding: chunked\r\n\r\n5\nhello\r\n0\r\n\r\n`,
    malformed,
  ),
  lying('a chunk ended by a line feed', `${ok}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\n0\r\n\r\n`, {
    ...malformed,
    body: 'hello',
  }),
  lying('a body that is not in chunks', `${ok}Transfer-Encoding: chunked\r\n\r\nhello, world`, malformed),

  // Not HTTP/1.
  lying('HTTP/0.9', ['<html>hello</html>', '<end>'], malformed),
  lying('another protocol', 'SSH-2.0-OpenSSH_9.2\r\n', malformed),
  lying('HTTP/2.0', `HTTP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('HTTP/1.2', `HTTP/1.2 200 OK\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('http in lower case', `http/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('an empty line first', `\r\n${ok}Content-Length: 5\r\n\r\nhello`, malformed),
  lying('status 99', `HTTP/1.1 99 Low\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('status 099', `HTTP/1.1 099 Low\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('status 1000', `HTTP/1.1 1000 High\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('status 2000', `HTTP/1.1 2000 High\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a status that is no number', `HTTP/1.1 2x0 OK\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('two spaces before the status', `HTTP/1.1  200 OK\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a request', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', malformed),

  // Heads that another reader may read otherwise.
  lying('NUL in a value', `${ok}X-A: b\0c\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('NUL in a name', `${ok}X-\0A: b\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('NUL in the reason', `HTTP/1.1 200 O\0K\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a control character in a value', `${ok}X-A: b\x01c\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('DEL in a value', `${ok}X-A: b\x7fc\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a bare CR in a value', `${ok}X-A: b\rX-B: c\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a bare LF in a value', `${ok}X-A: b\nX-B: c\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a bare CR in the reason', `HTTP/1.1 200 O\rK\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('lines ended by LF', `HTTP/1.1 200 OK\nContent-Length: 5\n\nhello`, malformed),
  lying('a folded line', `${ok}X-A: b\r\n c\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a folded first line', `${ok} X-A: b\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a folded Content-Length', `${ok}Content-Length:\r\n 5\r\n\r\nhello`, malformed),
  lying('a space before the colon', `${ok}Content-Length : 5\r\n\r\nhello`, malformed),
  lying('a line without a colon', `${ok}nonsense\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('an empty name', `${ok}: b\r\nContent-Length: 5\r\n\r\nhello`, malformed),
  lying('a space in a name', `${ok}X A: b\r\nContent-Length: 5\r\n\r\nhello`, malformed),

  // Too much.
  lying(
    'a head of 2 MB in many fields',
    [`${ok}`, ...Array.from({ length: 200 }, (_, i) => `X-${i}: ${'a'.repeat(10_000)}\r\n`), '\r\n'],
    malformed,
  ),
  lying(
    'a field of 2 MB',
    [`${ok}X-A: `, ...Array.from({ length: 20 }, () => 'a'.repeat(100_000)), '\r\n\r\n'],
    malformed,
  ),
  lying(
    'a reason of 2 MB',
    ['HTTP/1.1 200 ', ...Array.from({ length: 20 }, () => 'a'.repeat(100_000)), '\r\n\r\n'],
    malformed,
  ),
  lying(
    'a hundred early hints',
    `${'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'.repeat(100)}${ok}Content-Length: 5\r\n\r\nhello`,
    malformed,
  ),
  lying(
    'a hundred 100s',
    [
      ...Array.from({ length: 100 }, () => 'HTTP/1.1 100 Continue\r\n\r\n'),
      `${ok}Content-Length: 5\r\n\r\nhello`,
    ],
    malformed,
  ),
  lying(
    'an interim answer that does not end',
    ['HTTP/1.1 103 Early Hints\r\n', ...Array.from({ length: 10 }, () => `X-A: ${'a'.repeat(5000)}\r\n`)],
    malformed,
  ),

  // Not asked for.
  lying(
    'an upgrade',
    'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n\x81\x05hello',
    malformed,
  ),
  lying('an upgrade without its fields', 'HTTP/1.1 101 Switching Protocols\r\n\r\n', malformed),
  lying(
    'an upgrade after an interim answer',
    'HTTP/1.1 103 Early Hints\r\n\r\nHTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: h2c\r\n\r\n',
    malformed,
  ),
];

const deeds = ['<end>', '<reset>', '<heard>', '<over>'];
const isDeed = (piece: string): boolean => deeds.includes(piece);

test.each(lies)('$name ends that fetch, and reaches no other', ({ answer, expected, request }) =>
  tellLie(answer, expected, request ?? {}),
);

// A parser that is fed byte by byte goes other ways. What is long, or ends by a timeout, is left out.
const shortLies = lies.filter(
  ({ answer, request }) =>
    answer.length < 4 &&
    answer.every((piece) => piece.length < 300) &&
    Object.keys(request ?? {}).length === 0,
);
test.each(shortLies)('byte by byte, $name reaches no other fetch', ({ answer, expected }) =>
  tellLie(
    answer.flatMap((piece) => (isDeed(piece) ? [piece] : [...piece])),
    expected,
    {},
  ),
);

async function tellLie(
  answer: readonly string[],
  expected: Lie['expected'],
  request: Partial<FetchRequest>,
): Promise<void> {
  let heard = (): void => {};
  const hasHeard = new Promise<void>((resolve) => {
    heard = resolve;
  });
  let over = (): void => {};
  const isOver = new Promise<void>((resolve) => {
    over = resolve;
  });
  let requestsOnLyingConnection = 0;
  let lied: Promise<void> | undefined;
  origin = await rawOrigin(async (connection, number) => {
    if (number === 1) {
      lied = connection.closed;
      await connection.request();
      requestsOnLyingConnection++;
      for (const piece of answer) {
        if (piece === '<end>') connection.socket.end();
        else if (piece === '<reset>') connection.socket.resetAndDestroy();
        else if (piece === '<heard>') await hasHeard;
        else if (piece === '<over>') await isOver;
        else if (!connection.socket.destroyed) {
          await new Promise((resolve) => connection.socket.write(piece, 'latin1', resolve));
          // The reader gets its turn, so that the pieces arrive as pieces.
          await new Promise((resolve) => setImmediate(resolve));
        }
      }
    }
    while (true) {
      const head = await connection.request();
      if (number === 1) requestsOnLyingConnection++;
      const path = head.split(' ')[1] ?? '';
      connection.socket.write(`${ok}Content-Length: ${path.length}\r\n\r\n${path}`, 'latin1');
    }
  });

  const first = runFetch(transport, origin.target, { path: '/first', ...request });
  if (answer.includes('<heard>')) {
    // The bytes before a reset would be lost with it if they had not been read yet.
    await first.received('hello'.length);
    heard();
  }
  const result = await first;
  over();
  // What comes while the next request is on its way already is that one's answer, for all that anybody can
  // tell. So where the lie comes later, the others wait until it has been noticed.
  const isOneWrite = answer.length === 1;
  if (!isOneWrite) await lied;
  const others = await Promise.all([
    runFetch(transport, origin.target, { path: '/second' }),
    runFetch(transport, origin.target, { path: '/third' }),
  ]);
  await lied;
  others.push(await runFetch(transport, origin.target, { path: '/fourth' }));

  if ('code' in expected) {
    expect(result.error?.code).toBe(expected.code);
    expect(result.error?.message).toContain(origin.target.identity);
    expect(result.body).toBe(expected.body ?? '');
  } else {
    expect(result.error).toBeUndefined();
    expect(result.head?.status).toBe(expected.status);
    expect(result.body).toBe(expected.body);
  }
  expect(others.map(({ body, error }) => error ?? body)).toEqual(['/second', '/third', '/fourth']);
  expect(requestsOnLyingConnection).toBe(1);
}
