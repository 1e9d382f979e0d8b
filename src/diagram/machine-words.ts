/**
 * The words for guards and delays of Troupe's own machines: what stands behind 'when' and 'after' in their charts.
 * A guard that is missing here, or is not in its machine any more, fails a test.
 */
import type { Words } from './words.ts';

export const machineWords: Readonly<Record<string, Words>> = {
  supervisor: { guards: { isEmpty: 'no config is left' } },
  config: {
    guards: {
      isLastSlice: 'it was the last slice',
      isLastToWithdraw: 'it was the last slice',
      isAnnounced: 'all is declared',
      isUnknown: 'nothing was declared',
      isDrained: 'no request is left',
    },
    delays: { drainTimeout: 'drain_timeout' },
  },
  backend: {
    guards: {
      isPolled: 'a config gives it a probe',
      isUnpolled: 'no config gives it a probe',
      concludesUnprobed: 'no result counts yet',
      concludesHealthy: 'good ≥ threshold',
      concludesSick: 'good < threshold',
      ordersAuto: 'the order is auto',
      ordersHealthy: 'the order is healthy',
      ordersSick: 'the order is sick',
      ordersDrain: 'the order is drain',
      withdrawsLast: 'it was the last config',
    },
  },
  poller: {
    guards: {
      keepsInterval: 'the interval stays the same',
      answersLastProbe: 'it answers the last probe',
    },
    delays: { untilDue: 'interval' },
  },
  director: {
    guards: {
      isEmpty: 'no member is left',
      isHealthy: 'a member is healthy',
      isSick: 'no member is healthy',
    },
  },
  saintmode: {
    guards: {
      isFull: 'entries ≥ threshold',
      isHealthy: 'backend healthy, entries < threshold',
      isSick: 'the backend is sick',
    },
  },
  saintEntry: { guards: { isLater: 'the new deadline is later' }, delays: { ttl: 'TTL' } },
  cacheObject: { delays: { ttl: 'TTL' } },
  cacheFetch: { guards: { isDeserted: 'nobody wants it' } },
  peerPool: {
    guards: {
      hasSpare: 'threads > work',
      hasNoSpare: 'threads ≤ work',
      isEmpty: 'no thread is left',
    },
    delays: { idle: '10 s idle' },
  },
  peerWorker: { delays: { rest: '1 s' } },
};
