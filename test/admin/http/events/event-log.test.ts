import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { EventLog } from '../../../../src/admin/http/events/event-log.ts';

test.prop([fc.nat({ max: 2_500 }), fc.integer({ min: -2, max: 2_502 })])(
  'a reader that comes back gets exactly what it has missed, or nothing is promised',
  (added, seen) => {
    const log = new EventLog('epoch');
    for (let i = 1; i <= added; i++) log.add('n', i);
    const after = log.after(`epoch-${seen}`);
    const isKept = seen >= 0 && seen <= added && added - seen <= 1_024;
    if (!isKept) expect(after).toBeUndefined();
    else
      expect(after?.map(({ number }) => number)).toEqual(
        Array.from({ length: added - seen }, (_, i) => seen + 1 + i),
      );
  },
);

describe('ids', () => {
  test.each(['other-1', 'epoch-', 'epoch-x', '', 'epoch-1-1', 'epoch-99999999999999999999'])(
    '%s is not of this log',
    (id) => {
      const log = new EventLog('epoch');
      log.add('n', 1);
      expect(log.after(id)).toBeUndefined();
    },
  );
});

test('large events leave room for fewer: the log is bounded in characters, too', () => {
  const log = new EventLog('epoch');
  const large = 'x'.repeat(100_000);
  for (let i = 0; i < 50; i++) log.add('large', large);
  const kept = log.after('epoch-40') ?? [];
  expect(kept).toHaveLength(10);
  expect(log.after('epoch-30')).toBeUndefined();
  log.add('huge', 'x'.repeat(2_000_000));
  expect(log.after('epoch-51')).toEqual([]);
  expect(log.after('epoch-50')).toBeUndefined();
});
