/**
 * `peer()`: somebody who is told of requests without anybody waiting for it, a neighbouring cache above all.
 * Source: vmod_peer.
 */
import type { Duration } from '../duration.ts';
import { captureCallSite } from './call-site.ts';
import { Handle, recordCall } from './handle.ts';
import { currentScope } from './hook-scope.ts';
import type { PeerControl, PeerRequest } from './peer-control.ts';

export interface PeerOptions {
  /** A name or an address. */
  readonly host: string;
  /** Default: 80, and so does 0. */
  readonly port?: number | undefined;
  /** Least and most worker threads; between them their number follows the load. Default: [1, 1]. */
  readonly threads?: readonly [min: number, max: number] | undefined;
  /** What an operation may take once it is connected. Default: '60s'. */
  readonly timeout?: Duration | undefined;
  /** Default: '3.5s'. */
  readonly connectTimeout?: Duration | undefined;
  /** Operations that may wait to be initiated. Default: 10,000. */
  readonly maxQueue?: number | undefined;
  /** With so many waiting, the new one is refused or the oldest dropped. Default: 'refuse'. */
  readonly whenFull?: 'refuse' | 'drop-oldest' | undefined;
  /** How often an operation that failed is tried again, each time after a longer pause. Default: 0. */
  readonly retries?: number | undefined;
}

export class PeerHandle extends Handle {
  readonly kind = 'peer';

  /**
   * Repeats a request to the peer, as it is at this moment: method, URL and all fields but Connection. Nobody
   * waits for it. In hooks only.
   *
   * @param body POST content, which is percent-encoded; the request's own body does not go along
   * @returns whether there was room in the queue
   * @throws TroupeError outside a hook
   */
  queue(request: PeerRequest, body?: string | Uint8Array): boolean {
    return this.#control('queue').queue(request, body);
  }

  /** Limits for the number of threads, from now on; 0 leaves one as it is. In hooks only. */
  setThreads(min: number, max: number): void {
    this.#control('setThreads').setThreads(min, max);
  }

  /** Operations that have not been initiated yet. In hooks only, like all counts here; see `proxy.stats()`. */
  get pending(): number {
    return this.#control('pending').pending;
  }

  /** Worker threads that run now. */
  get threads(): number {
    return this.#control('threads').threads;
  }

  get minThreads(): number {
    return this.#control('minThreads').minThreads;
  }

  get maxThreads(): number {
    return this.#control('maxThreads').maxThreads;
  }

  #control(call: string): PeerControl {
    return currentScope(call).peer(this.name);
  }
}

/** Declares a peer. It gets its name in `defineConfig({ peers: { ... } })`. */
export function peer(options: PeerOptions): PeerHandle {
  const handle = new PeerHandle();
  recordCall(handle, captureCallSite(peer), [options]);
  return handle;
}

/**
 * Repeats a request to several peers, each as `queue` does.
 *
 * @returns how many have accepted it
 */
export function queueAll(
  peers: readonly PeerHandle[],
  request: PeerRequest,
  body?: string | Uint8Array,
): number {
  let accepted = 0;
  for (const one of peers) if (one.queue(request, body)) accepted++;
  return accepted;
}
