/**
 * What one client may take of the listener. Where varnishd has a parameter for it, its name and its default.
 */
export interface ListenerLimits {
  /** Bytes in a request's head, all lines together. varnishd: http_req_size. */
  readonly headBytes: number;
  /** Bytes in one header line. varnishd: http_req_hdr_len. */
  readonly fieldBytes: number;
  /** Number of header fields. varnishd: http_max_hdr. */
  readonly fieldCount: number;
  /** Bytes in a request target. varnishd's bound is http_req_size, as for all of the head. */
  readonly targetBytes: number;
  /** Bytes in a request body; 0: no bound. */
  readonly bodyBytes: number;
  /** Connections at a time; those beyond get 503 and are closed. 0: no bound. */
  readonly connections: number;
  /** Milliseconds between two requests, and before the first. varnishd: timeout_idle. */
  readonly idleTimeoutMs: number;
  /** Milliseconds from a request's first byte to the end of its head. varnishd: timeout_req. */
  readonly headTimeoutMs: number;
  /** Milliseconds between two pieces of a request body that somebody waits for. nginx: client_body_timeout. */
  readonly bodyTimeoutMs: number;
  /** Milliseconds in which a client takes nothing of what is ready for it. varnishd: idle_send_timeout. */
  readonly idleSendTimeoutMs: number;
  /** Milliseconds from a request on in which a client may stall for longer than that. varnishd: send_timeout. */
  readonly sendTimeoutMs: number;
  /**
   * Milliseconds that a client which has sent its last byte may wait without being sent one. From here, a
   * client that only ended its side and one that has gone look the same until something is sent to them.
   */
  readonly halfClosedTimeoutMs: number;
  /** Milliseconds that a closing connection is read, so that the client gets the answer. nginx: lingering_timeout. */
  readonly lingerTimeoutMs: number;
  /** Bytes that a closing connection is read. */
  readonly lingerBytes: number;
  /** Bytes of an unread request body that are skipped to keep a connection; with more to come it is closed. */
  readonly skipBytes: number;
  /** Bytes received that nobody has asked for yet; then the socket is not read any more. */
  readonly readAheadBytes: number;
}

export const defaultLimits: ListenerLimits = {
  headBytes: 32 * 1024,
  fieldBytes: 8 * 1024,
  fieldCount: 64,
  targetBytes: 32 * 1024,
  bodyBytes: 0,
  connections: 16 * 1024,
  idleTimeoutMs: 5_000,
  headTimeoutMs: 2_000,
  bodyTimeoutMs: 60_000,
  idleSendTimeoutMs: 60_000,
  sendTimeoutMs: 600_000,
  halfClosedTimeoutMs: 1_000,
  lingerTimeoutMs: 2_000,
  lingerBytes: 1024 * 1024,
  skipBytes: 64 * 1024,
  readAheadBytes: 64 * 1024,
};
