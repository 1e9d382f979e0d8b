/**
 * Answers, mutated and cut anywhere, against llhttp's strict verdict. TROUPE_FUZZ_RUNS sets the number of runs;
 * the long form is a million.
 */
import { EventEmitter } from 'node:events';
import type { Socket } from 'node:net';
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import type { TroupeError } from '../../../src/errors.ts';
import { identityOf } from '../../../src/identity.ts';
import { BackendConnection } from '../../../src/proxy/fetch/backend-connection.ts';
import type { BackendPool } from '../../../src/proxy/fetch/backend-pool.ts';
import { Http1Fetch } from '../../../src/proxy/fetch/http1-fetch.ts';
import { SilenceWatch } from '../../../src/proxy/fetch/silence-watch.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';
import { mutated, mutationOf } from '../../support/mutation.ts';
import { fetchRequest } from '../../support/run-fetch.ts';
import { cutAt } from '../listener/arbitrary-request.ts';
import { strictAnswer } from './strict-answer.ts';

const numRuns = Number(process.env['TROUPE_FUZZ_RUNS'] ?? 1_000);

const line = fc.constantFrom('X-A: b\r\n', 'Set-Cookie: a=b; c\r\n', 'Empty:\r\n', 'X-B:  \xe9 \t\r\n');
const head = fc
  .tuple(
    fc.constantFrom('1.1', '1.1', '1.0'),
    fc.constantFrom('200 OK', '404 ', '503 So what'),
    fc.array(line),
  )
  .map(([version, status, lines]) => `HTTP/${version} ${status}\r\n${lines.join('')}`);
const piece = fc.stringMatching(/^[a-z\r\n]{1,9}$/);
const chunked = fc
  .tuple(fc.array(piece), fc.constantFrom('', ';a=b', ';c="d;e"'), fc.array(line))
  .map(
    ([pieces, extension, trailers]) =>
      `Transfer-Encoding: chunked\r\n\r\n${pieces.map((one) => `${one.length.toString(16)}${extension}\r\n${one}\r\n`).join('')}` +
      `0${extension}\r\n${trailers.join('')}\r\n`,
  );
const answer = fc.oneof(
  fc.tuple(head, piece).map(([start, body]) => `${start}Content-Length: ${body.length}\r\n\r\n${body}`),
  fc.tuple(head, chunked).map(([start, rest]) => start.replace('1.0', '1.1') + rest),
  fc.tuple(head, piece).map(([start, body]) => `${start}\r\n${body}`),
  fc.constantFrom(
    'HTTP/1.1 204 No Content\r\n\r\n',
    'HTTP/1.1 304 Not Modified\r\nContent-Length: 7\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n',
  ),
);
const interim = fc.constantFrom(
  '',
  '',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
);
const fragment = fc.constantFrom(
  ...[
    '\r',
    '\n',
    '\r\n',
    '\0',
    ' ',
    '\t',
    ':',
    ',',
    ';',
    '\x0b',
    '\x80',
    '\r\n ',
    '\n\r',
    '\r\n\r\n',
    '0\r\n\r\n',
  ],
  'Content-Length: 5\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Connection: close\r\n',
  'HTTP/1.1 100 Continue\r\n\r\n',
  'HTTP/1.1 101 Switching Protocols\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n',
  'HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\nsmuggled',
);

interface Seen {
  status: number;
  fields: readonly string[];
  body: string;
  trailers: readonly string[];
  outcome: 'open' | 'ended' | TroupeError['code'];
  /** Whether the connection may serve another fetch. */
  isKept: boolean;
}

/** A fetch on a connection without a socket, which is given these pieces and then ends. */
function fetchFrom(pieces: readonly Buffer[], method: string): Seen {
  const seen: Seen = { status: 0, fields: [], body: '', trailers: [], outcome: 'open', isKept: false };
  const socket = Object.assign(new EventEmitter(), {
    destroyed: false,
    write: () => true,
    destroy() {
      socket.destroyed = true;
    },
  });
  const connection = new BackendConnection();
  connection.attach(socket as unknown as Socket);
  const addresses = { kind: 'tcp', ipv4: '127.0.0.1', port: 80 } as const;
  const pool = {
    target: { identity: identityOf('b', addresses), addresses },
    silence: new SilenceWatch(new SimulatedClock()),
    now: () => 0,
    take: () => connection,
    // Nobody is there for a second try.
    connect: () => () => {},
    release() {
      seen.isKept = true;
    },
  };
  const fetch = new Http1Fetch(pool as unknown as BackendPool, fetchRequest({ method }), {
    onHead(given) {
      expect(seen.outcome).toBe('open');
      seen.status = given.status;
      seen.fields = given.fields.raw.slice();
    },
    onData(chunk) {
      expect(seen.outcome).toBe('open');
      seen.body += Buffer.from(chunk).toString('latin1');
      return true;
    },
    onEnd(trailers) {
      expect(seen.outcome).toBe('open');
      seen.outcome = 'ended';
      seen.trailers = trailers?.raw ?? [];
    },
    onError(error) {
      expect(seen.outcome).toBe('open');
      seen.outcome = error.code;
    },
  });
  fetch.start();
  const buffer = Buffer.alloc(64 * 1024);
  for (const one of pieces) {
    // A socket gives no empty ones.
    if (one.length === 0) continue;
    if (socket.destroyed || seen.isKept) break;
    one.copy(buffer);
    connection.reading.callback(one.length, buffer);
    // As the next read would.
    buffer.fill('#', 0, one.length);
  }
  if (!socket.destroyed && !seen.isKept) socket.emit('end');
  connection.parser.free();
  return seen;
}

const forbidden =
  /^(?:content-(?:length|encoding|type|range)|transfer-encoding|trailer|host|connection|te|upgrade|expect|authorization|proxy-.*|cookie|max-forwards|cache-control)$/i;

test.prop(
  [
    fc.tuple(interim, answer).map((parts) => parts.join('')),
    fc.array(mutationOf(fragment), { maxLength: 3 }),
    fc.array(fc.nat(), { maxLength: 6 }),
    fc.constantFrom('GET', 'GET', 'POST', 'HEAD'),
  ],
  { numRuns },
)(
  'what is taken for an answer means the same to llhttp, however it was cut',
  (valid, mutations, places, method) => {
    const bytes = Buffer.from(mutations.reduce(mutated, valid), 'latin1');
    const seen = fetchFrom([bytes], method);
    const verdict = strictAnswer(bytes, method);

    if (mutations.length === 0) expect(seen.outcome).toBe('ended');
    if (seen.status !== 0) {
      expect({ status: seen.status, fields: seen.fields }).toEqual({
        status: verdict?.status,
        fields: verdict?.fields,
      });
      for (const text of seen.fields) expect(text).toMatch(/^[\t -~\x80-\xff]*$/);
    }
    if (seen.outcome === 'ended') {
      const isBodiless = seen.status === 204 || seen.status === 304 || method === 'HEAD';
      expect(seen.body).toBe(isBodiless ? '' : verdict?.body);
      const trailers = isBodiless ? [] : (verdict?.trailers ?? []);
      expect(seen.trailers).toEqual(trailers.filter((_, i) => !forbidden.test(trailers[i & ~1] as string)));
    } else if (seen.status !== 0) {
      expect(verdict?.body.startsWith(seen.body)).toBe(true);
    }

    const cut = fetchFrom(cutAt(bytes, places), method);
    // A connection with more to come is closed when that comes; what a fetch got is the same.
    expect({ ...cut, isKept: false, body: '' }).toEqual({ ...seen, isKept: false, body: '' });
    if (cut.outcome === 'ended') expect(cut.body).toBe(seen.body);
  },
);
