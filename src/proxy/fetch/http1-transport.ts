/**
 * The transport over real sockets: HTTP/1.1, parsed by llhttp, on connections shared by all (backend-pool.ts).
 *
 * A fetch over a kept connection costs one write and one read. Its limits are checked by lists that all fetches
 * share (silence-watch.ts), and nothing of it is a promise.
 */
import type { Clock } from '../../clock.ts';
import type { Identity } from '../../identity.ts';
import { BackendPool } from './backend-pool.ts';
import { backendFailure } from './fetch-failure.ts';
import { Http1Fetch } from './http1-fetch.ts';
import { SilenceWatch } from './silence-watch.ts';
import type { FetchCall, FetchTarget, Transport } from './transport.ts';

export interface Http1TransportOptions {
  readonly clock: Clock;
}

export interface Http1Transport extends Transport {
  /** Connections to an identity that are open or being opened, raw ones included. */
  openConnections(identity: Identity): number;
}

export function createHttp1Transport({ clock }: Http1TransportOptions): Http1Transport {
  const silence = new SilenceWatch(clock);
  const pools = new Map<Identity, BackendPool>();
  /** Retired, with connections left. */
  const leaving = new Set<BackendPool>();
  let closing: Promise<void> | undefined;

  const poolFor = (target: FetchTarget): BackendPool => {
    let pool = pools.get(target.identity);
    if (pool === undefined) {
      pool = new BackendPool(target, clock, silence);
      pools.set(target.identity, pool);
    }
    return pool;
  };

  const close = async (): Promise<void> => {
    const all = [...pools.values(), ...leaving];
    pools.clear();
    await Promise.all(all.map((pool) => new Promise<void>((resolve) => pool.close(resolve))));
    silence.close();
  };

  return {
    fetch(target, request, handler) {
      if (closing !== undefined) return refuse(target, (error) => handler.onError(error));
      const fetch = new Http1Fetch(poolFor(target), request, handler);
      fetch.start();
      return fetch;
    },
    connect(target, connectTimeoutMs, done) {
      if (closing === undefined) return poolFor(target).dial(connectTimeoutMs, done);
      const refused = refuse(target, (error) => done(error, undefined));
      return () => refused.abort();
    },
    retire(identity, closed) {
      const pool = pools.get(identity);
      if (pool === undefined) return process.nextTick(closed);
      pools.delete(identity);
      leaving.add(pool);
      pool.retire(() => {
        leaving.delete(pool);
        closed();
      });
    },
    close() {
      closing ??= close();
      return closing;
    },
    openConnections(identity) {
      let open = pools.get(identity)?.open ?? 0;
      for (const pool of leaving) if (pool.target.identity === identity) open += pool.open;
      return open;
    },
  };
}

function refuse(target: FetchTarget, done: (error: ReturnType<typeof backendFailure>) => void): FetchCall {
  let isAborted = false;
  process.nextTick(() => {
    if (!isAborted) done(backendFailure('backend.reset', target.identity, 'the transport is closed', true));
  });
  return {
    resume() {},
    abort() {
      isAborted = true;
    },
  };
}
