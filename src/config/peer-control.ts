/**
 * A peer as hooks and VCL's vmod `peer` use it: the functions of vmod_peer, with their meanings. All of them
 * return at once, and none throws for what the network does.
 */
import type { HeaderFields } from '../proxy/http/fields.ts';

/** A request to be repeated: `req` and `bereq` are such. */
export interface PeerRequest {
  readonly method: string;
  readonly url: string;
  readonly proto: string;
  readonly http: HeaderFields;
}

export interface PeerControl {
  /**
   * Queues the request as it is now (queue_req), or with POST content (queue_req_body).
   *
   * @param body is percent-encoded; text as UTF-8
   * @returns whether it was accepted; if not, that was counted and logged
   * @throws TypeError the request is one that cannot be sent
   */
  queue(request: PeerRequest, body?: string | Uint8Array | undefined): boolean;
  /** set: host and port of the peer; port 0 means 80. Hosts and ports that are none are ignored. */
  set(host: string, port: number): void;
  /** set_threads: 0 leaves that side as it is; conflicting and senseless values are ignored. */
  setThreads(min: number, max: number): void;
  /** set_timeout: milliseconds from the first connection to the end; 0 takes the default again. */
  setTimeout(ms: number): void;
  /** set_connect_timeout: milliseconds; 0 takes the default again. */
  setConnectTimeout(ms: number): void;
  /** set_thread_maxq: operations that may be pending; those that are stay. */
  setMaxQueue(length: number): void;
  /** threads: worker threads that run now, busy or not. */
  readonly threads: number;
  /** pending: operations that have not been initiated, those that wait for another attempt among them. */
  readonly pending: number;
  /** min_threads */
  readonly minThreads: number;
  /** max_threads */
  readonly maxThreads: number;
}
