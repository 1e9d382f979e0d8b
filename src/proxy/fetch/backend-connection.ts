/**
 * One connection to a backend: a socket of ours and undici's Client on it. It serves one fetch at a time.
 *
 * undici reads the socket by `socket.read()`, and all that it is given goes by here first: bytes that no
 * request asked for end the connection, an answer's first bytes are looked at, and its fetch is told that the
 * backend is alive. So undici never sees a byte that could be taken for another fetch's answer.
 */
import type { Socket } from 'node:net';
import type { Dispatcher } from 'undici';
import { AnswerStart } from './answer-start.ts';
import { UndiciClient } from './undici-client.ts';

/** Bytes of an answer's head. varnishd's http_resp_hdr_len and http_resp_size are 8 and 32 KB. */
export const MAX_HEAD_BYTES = 64 * 1024;

/** Milliseconds that a connection is kept unused; varnishd's backend_idle_timeout. */
const KEEP_IDLE_MS = 60_000;

/** Milliseconds by which we stop earlier than a backend that announced its limit (Keep-Alive: timeout=5). */
const KEEP_IDLE_MARGIN_MS = 500;

/** The fetch that a connection is given to. */
export interface ConnectionUser extends Dispatcher.DispatchHandler {
  /** Something of the answer has come. */
  onBytes(): void;
  /** What has come is no answer. */
  onNoAnswer(mistake: string): void;
  /** The transport closes. */
  onClosing(): void;
}

/** Why undici fails a request that it had not begun to write when the connection went. */
class ConnectionGone extends Error {}

export class BackendConnection {
  readonly socket: Socket;
  /** Place in the pool's list of idle connections; -1 while in use. */
  idleIndex = -1;
  /** Whom it is given to; undefined while idle. */
  user: ConnectionUser | undefined;
  readonly #client: UndiciClient;
  readonly #start = new AnswerStart();
  /** The user, from the moment that its request is written until its answer has ended. */
  #asker: ConnectionUser | undefined;
  #phase: 'start' | 'head' | 'body' = 'start';
  #headBytes = 0;
  /** The bytes that the parser was given last. */
  #chunk: Buffer | undefined;

  /**
   * @param socket connected, without listeners
   * @param origin what undici names in a request without Host
   */
  constructor(socket: Socket, origin: URL) {
    this.socket = socket;
    const read = socket.read;
    socket.read = (size?: number) => {
      const chunk = read.call(socket, size) as Buffer | null;
      return chunk === null ? null : this.#admit(chunk);
    };
    let isTaken = false;
    this.#client = new UndiciClient(origin, {
      pipelining: 1,
      keepAliveTimeout: KEEP_IDLE_MS,
      keepAliveMaxTimeout: KEEP_IDLE_MS,
      keepAliveTimeoutThreshold: KEEP_IDLE_MARGIN_MS,
      maxHeaderSize: MAX_HEAD_BYTES,
      // Fetches have limits of their own, which undici's timers are too coarse for.
      headersTimeout: 0,
      bodyTimeout: 0,
      connect: (_options, callback) => {
        // A second time, a request waits on a connection that has gone: whether to open another is not
        // undici's to decide.
        if (isTaken) return callback(new ConnectionGone('the connection was closed'), null);
        isTaken = true;
        queueMicrotask(() => callback(null, socket));
      },
    });
  }

  /** Whether the answer that has begun is HTTP/1.0. */
  get isHttp10(): boolean {
    return this.#start.isHttp10;
  }

  dispatch(options: Dispatcher.DispatchOptions, user: ConnectionUser): void {
    this.user = user;
    this.#client.dispatch(options, user);
  }

  /** The user's request is being written: from now on bytes are its answer. */
  ask(): void {
    this.#asker = this.user;
    this.#phase = 'start';
    this.#headBytes = 0;
    this.#start.reset();
  }

  headEnded(): void {
    this.#phase = 'body';
  }

  /**
   * The answer has ended, by the parser's count.
   *
   * @param lastData the last piece of a body that was counted by Content-Length; undefined for other framing
   * @returns whether nothing follows it: if not, the connection must not be used again
   */
  answerEnded(lastData: Buffer | undefined): boolean {
    const chunk = this.#chunk;
    this.#asker = undefined;
    this.user = undefined;
    this.#chunk = undefined;
    if (chunk === undefined) return false;
    if (lastData === undefined) return endsWithOneEmptyLine(chunk);
    return lastData.byteOffset + lastData.length === chunk.byteOffset + chunk.length;
  }

  /** Ends it now, whatever it is in the middle of. Its user hears nothing of it but through undici. */
  close(): void {
    this.#asker = undefined;
    this.user = undefined;
    this.#chunk = undefined;
    this.socket.destroy();
  }

  #admit(chunk: Buffer): Buffer | null {
    const asker = this.#asker;
    if (asker === undefined) {
      this.close();
      return null;
    }
    asker.onBytes();
    if (this.#phase === 'body') {
      this.#chunk = chunk;
      return chunk;
    }
    return this.#admitHead(chunk, asker);
  }

  #admitHead(chunk: Buffer, asker: ConnectionUser): Buffer | null {
    let admitted = chunk;
    if (this.#phase === 'start') {
      const answer = this.#start.admit(chunk);
      if (answer === undefined) return null;
      if (typeof answer === 'string') {
        asker.onNoAnswer(answer);
        return null;
      }
      this.#phase = 'head';
      admitted = answer;
    } else if (this.#headBytes > MAX_HEAD_BYTES) {
      asker.onNoAnswer(`its head is longer than ${MAX_HEAD_BYTES} bytes`);
      return null;
    }
    this.#headBytes += admitted.length;
    this.#chunk = admitted;
    return admitted;
  }
}

/**
 * What ends a head without a body, and a body in chunks: a line end after one that ends something. The
 * parser skips further line ends as if they stood before the next answer; nobody writes these by honest mistake
 * on a connection that lives on.
 */
function endsWithOneEmptyLine(chunk: Buffer): boolean {
  const end = chunk.length;
  return (
    chunk[end - 1] === 0x0a &&
    (end < 5 || (chunk[end - 3] === 0x0a && chunk[end - 5] !== 0x0a && chunk[end - 5] !== 0x0d))
  );
}
