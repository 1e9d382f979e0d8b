/**
 * Mutated requests against llhttp's strict verdict. TROUPE_FUZZ_RUNS sets the number of runs; the long form
 * is a million.
 */
import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { mutated, mutationOf } from '../../support/mutation.ts';
import { arbitraryRequest, cutAt } from './arbitrary-request.ts';
import { converse } from './memory-connection.ts';
import { strictVerdict } from './strict-verdict.ts';

const numRuns = Number(process.env['TROUPE_FUZZ_RUNS'] ?? 1_000);

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
    '1',
    'f',
  ],
  'Content-Length: 5\r\n',
  'Content-Length: 0\r\n',
  'Transfer-Encoding: chunked\r\n',
  'Transfer-Encoding: gzip\r\n',
  'Host: b\r\n',
  'Connection: close\r\n',
  'Connection: upgrade\r\nUpgrade: x\r\n',
  ' HTTP/1.0\r\n',
  ' HTTP/1.1\r\n',
  'GET /smuggled HTTP/1.1\r\nHost: a\r\n\r\n',
);

/** Trailers that would frame or route are not handed on. */
function withoutFraming(trailers: readonly string[]): string[] {
  return trailers.filter(
    (_, i) =>
      !/^(?:content-length|transfer-encoding|host|connection|upgrade)$/i.test(trailers[i & ~1] as string),
  );
}

test.prop(
  [
    fc.array(arbitraryRequest, { minLength: 1, maxLength: 3 }),
    fc.array(mutationOf(fragment), { minLength: 1, maxLength: 3 }),
    fc.array(fc.nat(), { maxLength: 5 }),
  ],
  { numRuns },
)(
  'nothing is served that llhttp refuses, and what is served means the same to both',
  async (requests, mutations, places) => {
    const bytes = mutations.reduce(mutated, requests.map((one) => one.bytes).join(''));
    const seen = await converse(cutAt(Buffer.from(bytes, 'latin1'), places));

    for (const { method, target, fields, body } of seen.requests) {
      expect(method).toMatch(/^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/);
      expect(target).toMatch(/^[!"$-~]+$/);
      for (const text of fields) expect(text).toMatch(/^[\t -~\x80-\xff]*$/);
      if (seen.errors.length === 0) expect(body).toBeDefined();
    }
    const methods = seen.requests.map(({ method }) => method);
    const verdict = strictVerdict(Buffer.from(bytes, 'latin1'), methods);
    expect(verdict.length).toBeGreaterThanOrEqual(seen.requests.length);
    seen.requests.forEach(({ method: _, ...request }, i) => {
      const whole = verdict[i];
      // A body that was refused here may have been taken there; never the other way round.
      const isCut = request.body === undefined;
      const trailers = isCut ? [] : withoutFraming(whole?.trailers ?? []);
      expect(request).toEqual({ ...whole, trailers, body: isCut ? undefined : whole?.body });
    });
    // Each request has one end, and each that was served whole has an answer.
    expect(seen.ends).toBe(seen.requests.length);
    const answered = seen.requests.length - seen.aborts;
    expect((seen.output.match(/HTTP\/1\.1 200 OK\r\n/g) ?? []).length).toBe(answered);
  },
);
