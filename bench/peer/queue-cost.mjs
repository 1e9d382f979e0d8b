/** What `queue` costs the request that calls it, and what an operation costs while it waits. */
import { liveBytes } from '../support/collect-garbage.mjs';
import { fromDist } from '../support/dist.mjs';
import { median } from '../support/statistics.mjs';

/** A browser's fields, as in pass/wrk.lua. */
const fields = {
  Host: 'shop.example.com',
  'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  Accept: 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language': 'en-US,en;q=0.5',
  'Accept-Encoding': 'gzip, deflate, br, zstd',
  Referer: 'https://shop.example.com/category/garden?page=3',
  Cookie: 'session=8f14e45fceea167a5a36dedd4bea2543; consent=1; cart=4711,4712',
  Connection: 'keep-alive',
  'Upgrade-Insecure-Requests': '1',
  'Sec-Fetch-Dest': 'document',
  'Sec-Fetch-Mode': 'navigate',
  'Cache-Control': 'max-age=0',
};

/**
 * @param {{ batches: number, batch: number }} setting operations of a batch are queued in one go
 * @returns {Promise<{ queueUs: number, queueBodyUs: number, refusedUs: number, bytesEach: number, headBytes: number }>}
 */
export async function measureQueueCost({ batches, batch }) {
  const { Fields } = await fromDist('proxy/http/fields');
  const { snapshotOf } = await fromDist('proxy/peer/request-snapshot');
  const raw = Object.entries(fields).flat();
  // As of a parsed request: each has strings of its own.
  const request = (number) => ({
    method: 'PURGE',
    url: `/shop/item?id=${number}`,
    proto: 'HTTP/1.1',
    http: new Fields(
      raw.map((text) => Buffer.from(text).toString('latin1')),
      true,
    ),
  });
  const times = async (maxQueue, body) => {
    const perCall = [];
    for (let i = 0; i < batches; i++) {
      const peer = await idlePeer({ maxQueue });
      const requests = Array.from({ length: batch }, (_, number) => request(number));
      const start = performance.now();
      for (const one of requests) peer.queue(one, body);
      perCall.push((1_000 * (performance.now() - start)) / batch);
      peer.close();
    }
    return median(perCall);
  };
  const queueUs = await times(batch);
  const queueBodyUs = await times(batch, 'a form entry of some forty bytes, 2026-11-21');
  const refusedUs = await times(1);
  return { queueUs, queueBodyUs, refusedUs, ...(await footprint(request, snapshotOf, batch)) };
}

async function footprint(request, snapshotOf, count) {
  const peer = await idlePeer({ maxQueue: count });
  const before = liveBytes();
  for (let number = 0; number < count; number++) peer.queue(request(number));
  const bytesEach = (liveBytes() - before) / count;
  peer.close();
  return { bytesEach, headBytes: snapshotOf(request(0)).head.length };
}

/** A peer whose threads never come: what it is given waits. */
async function idlePeer({ maxQueue }) {
  const { RunningPeer } = await fromDist('proxy/peer/running-peer');
  const { peerDefaults } = await fromDist('config/declaration');
  let operations = 0;
  const clock = { now: () => performance.now(), wallNow: () => 0, after: () => () => {} };
  const destination = { host: '127.0.0.1', port: 1 };
  return new RunningPeer(
    { name: 'peer', destination, ...peerDefaults, maxQueue },
    {
      config: 'bench@1',
      clock,
      random: Math.random,
      startThread: () => ({ give() {}, waiting: 0, takeBack: () => 0, end() {} }),
      tell() {},
      log: undefined,
      results: undefined,
      nextOperation: () => ++operations,
      onQuiet() {},
    },
  );
}
