import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { arbitraryRequest, cutAt } from './arbitrary-request.ts';
import { converse } from './memory-connection.ts';

const cuts = fc.oneof(
  fc.array(fc.nat(), { maxLength: 30 }),
  // Byte by byte.
  fc.constant(Array.from({ length: 2_000 }, (_, i) => i)),
);

test.prop([fc.array(arbitraryRequest, { minLength: 1, maxLength: 4 }), cuts], { numRuns: 300 })(
  'however a stream of valid requests is cut, the same exchanges come of it',
  async (requests, places) => {
    const bytes = Buffer.from(requests.map((one) => one.bytes).join(''), 'latin1');
    const seen = await converse(cutAt(bytes, places));
    expect(seen.requests).toEqual(requests.map(({ meaning }) => meaning));
    expect(seen.output.match(/HTTP\/1\.1 200 OK/g)).toHaveLength(requests.length);
    expect(seen.errors).toEqual([]);
    expect({ aborts: seen.aborts, ends: seen.ends }).toEqual({ aborts: 0, ends: requests.length });
  },
);
