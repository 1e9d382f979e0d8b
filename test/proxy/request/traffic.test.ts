import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { type Ending, Traffic } from '../../../src/proxy/request/traffic.ts';

const endings: readonly Ending[] = ['complete', 'cut', 'aborted', 'piped'];
const anEnd = fc.record({
  ending: fc.constantFrom(...endings),
  status: fc.oneof(fc.constant(0), fc.integer({ min: 200, max: 999 })),
  sent: fc.nat(),
  received: fc.nat(),
});

test.prop([fc.array(anEnd), fc.nat({ max: 20 })])(
  'every ended request is counted once, by its ending and by the class of its status',
  (ends, open) => {
    const traffic = new Traffic();
    traffic.requests = ends.length + open;
    for (const { ending, status, sent, received } of ends) traffic.end(ending, status, sent, received);
    const inClass = (low: number, high: number) =>
      ends.filter(({ status }) => status >= low && status < high).length;
    const ended = (wanted: Ending) => ends.filter(({ ending }) => ending === wanted).length;
    expect(traffic.stats()).toEqual({
      requests: ends.length + open,
      inFlight: open,
      responses: {
        '2xx': inClass(200, 300),
        '3xx': inClass(300, 400),
        '4xx': inClass(400, 500),
        '5xx': inClass(500, 600),
        other: inClass(600, 1_000),
      },
      pipes: ended('piped'),
      clientAborts: ended('aborted'),
      cutResponses: ended('cut'),
      restarts: 0,
      retries: 0,
      hookErrors: 0,
      bytesSent: ends.reduce((sum, { sent }) => sum + sent, 0),
      bytesReceived: ends.reduce((sum, { received }) => sum + received, 0),
    });
  },
);

test('durations are kept from when somebody wants to know, and not before', () => {
  const traffic = new Traffic();
  expect(traffic.stats().durations).toBeUndefined();
  traffic.keepDurations();
  traffic.durations?.add(3);
  traffic.keepDurations();
  const { boundsMs = [], counts = [], sumMs } = traffic.stats().durations ?? {};
  expect(counts[boundsMs.indexOf(5)]).toBe(1);
  expect(sumMs).toBe(3);
});
