/**
 * How the data plane reaches backends. One implementation speaks HTTP/1.1 over real sockets; another one, for
 * tests and `troupe prove`, a simulated network.
 */
import type { Duplex, Readable } from 'node:stream';
import type { TroupeError } from '../../errors.ts';
import type { Addresses, Identity } from '../../identity.ts';
import type { SocketAddress } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';

/** Whom to connect to. Idle connections are kept per identity, whatever config asks. */
export interface FetchTarget {
  readonly identity: Identity;
  readonly addresses: Addresses;
}

export interface FetchRequest {
  readonly method: string;
  /** Path and query, as sent in the request line. */
  readonly path: string;
  /** Those of framing and of the connection are left out: the transport writes its own. */
  readonly fields: Fields;
  /** undefined: no body. A stream is read once, and destroyed when the fetch ends early. */
  readonly body: Uint8Array | Readable | undefined;
  /** Bytes in `body`, where known; undefined: chunked coding. */
  readonly bodyLength: number | undefined;
  /**
   * Protocols offered to the backend: the transport sends `Connection: upgrade` and `Upgrade` with this value,
   * and a 101 is an answer then. Absent: nothing is offered, and a 101 is a malformed answer. Not with a body.
   */
  readonly upgrade?: string | undefined;
  /** Sent in front of the request, on a connection of its own that ends with the answer. Absent: nothing. */
  readonly preamble?: Buffer | undefined;
  /** Whether the connection is to end with the answer, and the backend is told so. Absent: as the backend likes. */
  readonly closes?: boolean | undefined;
  readonly connectTimeoutMs: number;
  /** From the request's end to the answer's first byte. */
  readonly firstByteTimeoutMs: number;
  /** Between two pieces of the answer. */
  readonly betweenBytesTimeoutMs: number;
}

export interface FetchHead {
  readonly status: number;
  readonly reason: string;
  /** As sent, hop-by-hop fields included. */
  readonly fields: Fields;
  /** Whether all of the body has come, too, and follows before anything else can happen. Default: false. */
  readonly isBodyHere?: boolean;
}

/** Called in this order: head, any number of data, then end; or error, at any point, as the last call. */
export interface FetchHandler {
  onHead(head: FetchHead): void;
  /** False: stop reading until `resume`. */
  onData(chunk: Uint8Array): boolean;
  onEnd(trailers: Fields | undefined): void;
  /**
   * In place of onHead, and as the last call: the backend has switched protocols (status 101). The connection is
   * the caller's from now on; what came after the head is read from it first. Needed where `upgrade` is given.
   */
  onUpgrade?(head: FetchHead, connection: Duplex): void;
  /**
   * `backend.*`: connect-failed, connect-timeout, first-byte-timeout, between-bytes-timeout, reset, malformed;
   * `client.gone`, `client.malformed` or the stream's own TroupeError when the request's body breaks off;
   * `troupe.internal` for a request that cannot be sent as it stands. `retryable`: nothing of the request was
   * sent, or its method is idempotent (RFC 9110 section 9.2.2); whether its body can be had again is not known
   * here.
   */
  onError(error: TroupeError): void;
}

/** A fetch under way. Both calls are harmless once it is over. */
export interface FetchCall {
  /** Milliseconds that it took to open a connection for it; undefined or absent: it has not opened one. */
  readonly connectMs?: number | undefined;
  /** Whom it is connected to; undefined or absent: to nobody yet, or to a unix socket. */
  readonly peer?: SocketAddress | undefined;
  /**
   * All of the body, a byte a character (latin1), where it has come with the head and is not longer than that; to be
   * called from onHead. No data follows then. Absent, or undefined: the body follows as data.
   */
  takeText?(mostBytes: number): string | undefined;
  resume(): void;
  /** From now on as with `closes`, as far as the backend has not been told. Absent: nothing is kept anyway. */
  closeAfter?(): void;
  /** Gives up: no handler is called afterwards, and the connection is not used again. */
  abort(): void;
}

export interface Transport {
  /** Starts a fetch. No handler is called before this returns. */
  fetch(target: FetchTarget, request: FetchRequest, handler: FetchHandler): FetchCall;

  /**
   * Opens a raw connection (pipe, upgrades).
   *
   * @param done called once, later: with an error, or with the connection, which the caller then owns
   * @returns what cancels it
   */
  connect(
    target: FetchTarget,
    connectTimeoutMs: number,
    done: (error: TroupeError | undefined, connection: Duplex | undefined) => void,
  ): () => void;

  /**
   * Closes the idle connections of an identity now and the others when their fetches end. A later fetch
   * opens new ones.
   *
   * @param closed called once when no connection of before is left
   */
  retire(identity: Identity, closed: () => void): void;

  /** Closes everything, fetches under way included, and resolves when nothing is left open. */
  close(): Promise<void>;
}
