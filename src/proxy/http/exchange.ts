/**
 * One request and the one response that it is owed: what a listener hands to the proxy. The listener owns
 * framing (Content-Length, Transfer-Encoding, Connection, trailers on the wire) and the connection; the
 * proxy owns everything else. Simulated clients implement this interface too.
 */
import type { Duplex, Readable } from 'node:stream';
import type { Fields } from './fields.ts';

export interface SocketAddress {
  /** IP address without brackets; empty for a unix socket. */
  readonly address: string;
  readonly port: number;
}

/** What the connection does after a response. `keep-alive` is said to HTTP/1.0 clients, to others implied. */
export type Persistence = 'persistent' | 'keep-alive' | 'close';

/** What a head says of the body's end: a number of bytes, chunked coding, or nothing. */
export type Framing = number | 'chunked' | 'none';

export interface ResponseHead {
  readonly status: number;
  /** Reason phrase; empty is legal. */
  readonly reason: string;
  /** Without Connection, Keep-Alive, Transfer-Encoding, Upgrade and Content-Length, which the listener writes. */
  readonly fields: Fields;
  /**
   * Status line and fields as they go over the wire, where they were written before; a Date is among them. It says what
   * the others say, for those who write bytes.
   */
  readonly written?: string | undefined;
  /** Writes the whole head, with what the listener has decided in places of its own. */
  write?(framing: Framing, persistence: Persistence): string;
  /** Whether the connection is to be closed behind the response. */
  readonly closes?: boolean;
}

/** The streamed body of a response. After `end` or `cut`, nothing may follow. */
export interface ResponseBody {
  /**
   * Sends a piece. False: wait for `onDrain` before the next one; it does not come when nothing can be sent
   * any more. The bytes must not be changed afterwards.
   */
  write(chunk: Uint8Array): boolean;
  /** Ends the body, with trailer fields if the framing can carry them. */
  end(trailers?: Fields): void;
  /** Gives up: the client must notice that the body is incomplete. */
  cut(): void;
  /** Called when writing may go on. */
  onDrain: (() => void) | undefined;
}

/** Milliseconds that a connection may do nothing; as in ListenerLimits. */
export interface SessionTimeouts {
  readonly idleTimeoutMs: number;
  readonly idleSendTimeoutMs: number;
  readonly sendTimeoutMs: number;
}

/** What the requests of one connection have in common. */
export interface Session {
  /** Its number among those of requests; 0: it has none yet. VCL: `sess.xid`. */
  xid: number;
  /** Those of its listener, until a hook puts others in their place. VCL: `sess.timeout_idle`, ... */
  timeouts: SessionTimeouts;
  /** The connection's own addresses, where a proxy in front has said others: those of the exchange. */
  readonly own?: { readonly client: SocketAddress; readonly server: SocketAddress } | undefined;
}

export interface Exchange {
  readonly method: string;
  /** Origin-form, absolute-form, authority-form or `*`, as sent. */
  readonly target: string;
  readonly version: '1.0' | '1.1';
  /** As sent, hop-by-hop fields included. Owned by the receiver from now on. */
  readonly fields: Fields;
  /** Bytes that the client announced; undefined with chunked coding. 0 without a body. */
  readonly bodyLength: number | undefined;
  /**
   * The request's body, undefined without one. Reading it is what lets the client send: nothing is read
   * ahead beyond one buffer. Destroyed with an error when the client goes away or breaks the framing.
   */
  readonly body: Readable | undefined;
  /** Trailer fields of the request: known when the body has been read to its end, if it had any. */
  readonly trailers?: Fields | undefined;
  readonly client: SocketAddress;
  readonly server: SocketAddress;
  /** Absent where requests do not come over a connection of the proxy's own. */
  readonly session?: Session;
  /** Name of the listening socket (`-a NAME=ADDR:PORT`), `a0`, `a1`, ... by default. */
  readonly listener: string;
  /** Milliseconds of the clock at which the request's head was complete. */
  readonly receivedAt: number;

  /** Whether the connection can go on in another protocol, after `takeOver`. Absent: it cannot. */
  readonly canSwitch?: boolean;

  /**
   * Sends a whole response in one write. To a HEAD, and with 204 and 304, no body is sent.
   *
   * @param length Content-Length to send when there are no body bytes to count (HEAD, 304); undefined: none
   */
  respond(head: ResponseHead, body: Uint8Array | undefined, length?: number): void;

  /**
   * The same where the body is text of latin1 characters, one a byte, and may be sent. Absent: only bytes are taken.
   */
  respondText?(head: ResponseHead, body: string): void;

  /**
   * Starts a streamed response. The head goes out with the first piece of the body, or by itself when none
   * comes in the same turn.
   *
   * @param length bytes to come; undefined: chunked coding, or close for an HTTP/1.0 client
   */
  begin(head: ResponseHead, length: number | undefined): ResponseBody;

  /** Hands the raw connection over (pipe, upgrades): bytes already received come first. No response is owed then. */
  takeOver(): Duplex;

  /** Called once if the client goes away, or breaks the protocol, before the response has ended. */
  onAborted: (() => void) | undefined;

  /**
   * Called once when the exchange is over on this side: the response's last byte was handed to the socket,
   * the connection was taken over and has closed, or the client went away.
   */
  onFinished: (() => void) | undefined;
}

/** What a listener calls for each request. Returns at once. */
export type ExchangeHandler = (exchange: Exchange) => void;
