import { fc, test } from '@fast-check/vitest';
import { expect } from 'vitest';
import { FailedRequests } from '../../../src/proxy/request/failed-requests.ts';
import type { FailedRequest } from '../../../src/proxy/request/request-report.ts';

test.prop([fc.integer({ min: 1, max: 8 }), fc.nat({ max: 30 })])(
  'keeps the last ones, the oldest first, and never more than the bound',
  (most, failed) => {
    const ring = new FailedRequests(most);
    const all: string[] = [];
    for (let i = 0; i < failed; i++) {
      all.push(String(i));
      ring.add({ xid: String(i) } as FailedRequest);
      expect(ring.list().map(({ xid }) => xid)).toEqual(all.slice(-most));
    }
  },
);

test('whoever listens is told of each, those that fell out of the ring included', () => {
  const failed = new FailedRequests(1);
  const heard: string[] = [];
  failed.add({ xid: 'unheard' } as FailedRequest);
  failed.onAdded = ({ xid }) => heard.push(xid);
  failed.add({ xid: 'first' } as FailedRequest);
  failed.add({ xid: 'second' } as FailedRequest);
  expect(heard).toEqual(['first', 'second']);
  expect(failed.list().map(({ xid }) => xid)).toEqual(['second']);
});
