/** Property: fields are what the client sent, but for what somebody has changed in `req.headers` since. */
import { IncomingMessage } from 'node:http';
import { Socket } from 'node:net';
import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { requestFields } from '../../../src/proxy/embedding/node-request-fields.ts';

const name = fc.constantFrom('Host', 'host', 'Cookie', 'X-A', 'x-a', 'Accept', 'Set-Cookie', 'User-Agent');
const value = fc.constantFrom('', 'a', 'b', 'a, b', 'a; b');
const pairs = fc.array(fc.tuple(name, value), { maxLength: 12 });

/** As node's parser leaves it. */
function received(sent: readonly (readonly [string, string])[]): IncomingMessage {
  const request = new IncomingMessage(new Socket()) as IncomingMessage & {
    _addHeaderLines(lines: readonly string[], count: number): void;
  };
  const lines = sent.flat();
  request._addHeaderLines(lines, lines.length);
  return request;
}

describe('requestFields', () => {
  test.prop([pairs])('keeps order, case and duplicates where nobody has changed anything', (sent) => {
    expect([...requestFields(received(sent))]).toEqual(sent);
  });

  test.prop([pairs, name, value])(
    'replaces what was set, and leaves the rest in place',
    (sent, changed, now) => {
      const request = received(sent);
      const key = changed.toLowerCase();
      request.headers[key] = `${now}, changed`;
      const others = sent.filter(([other]) => other.toLowerCase() !== key);
      expect([...requestFields(request)]).toEqual([...others, [key, `${now}, changed`]]);
    },
  );

  test('takes what middleware without types sets: a number is its digits, null is gone', () => {
    const request = received([
      ['Host', 'h'],
      ['X-A', 'a'],
    ]);
    const headers = request.headers as Record<string, unknown>;
    headers['x-user-id'] = 42;
    headers['x-admin'] = false;
    headers['x-a'] = null;
    headers['x-list'] = [1, '2'];
    headers['x-none'] = undefined;
    expect(requestFields(request).raw).toEqual([
      'Host',
      'h',
      'x-user-id',
      '42',
      'x-admin',
      'false',
      'x-list',
      '1',
      'x-list',
      '2',
    ]);
  });

  test('lets nobody change how the body is framed', () => {
    const request = received([
      ['Host', 'h'],
      ['Content-Length', '3'],
    ]);
    request.headers['content-length'] = '30';
    request.headers['transfer-encoding'] = 'chunked';
    expect(requestFields(request).raw).toEqual(['Host', 'h', 'Content-Length', '3']);
    delete request.headers['content-length'];
    expect(requestFields(request).raw).toEqual(['Host', 'h', 'Content-Length', '3']);
  });

  test.prop([pairs, name])('leaves out what was deleted', (sent, gone) => {
    const request = received(sent);
    delete request.headers[gone.toLowerCase()];
    expect([...requestFields(request)]).toEqual(
      sent.filter(([other]) => other.toLowerCase() !== gone.toLowerCase()),
    );
  });
});
