/** Sends a request's body that is a stream: as fast as the backend takes it, and exactly as long as announced. */
import type { Socket } from 'node:net';
import type { Readable } from 'node:stream';

/** The fetch that the body belongs to. */
export interface BodyOwner {
  /** A piece was handed to the socket. */
  bodyProgressed(): void;
  /** The last piece was. */
  bodySent(): void;
  /** The body is longer or shorter than announced. Nothing that is too much was sent. */
  bodyMismatched(): void;
}

export class BodySender {
  readonly #owner: BodyOwner;
  readonly #socket: Socket;
  readonly #body: Readable;
  /** Bytes still owed; undefined: chunked coding. */
  #left: number | undefined;
  #isOver = false;

  /** @param length bytes of the body; undefined: chunked coding */
  constructor(owner: BodyOwner, socket: Socket, body: Readable, length: number | undefined) {
    this.#owner = owner;
    this.#socket = socket;
    this.#body = body;
    this.#left = length;
    body.on('data', this.#onData);
    body.on('end', this.#onEnd);
  }

  /** Nothing more is sent. The body is left as it is. */
  stop(): void {
    this.#isOver = true;
    this.#body.off('data', this.#onData);
    this.#body.off('end', this.#onEnd);
    this.#socket.off('drain', this.#onDrain);
  }

  readonly #onData = (piece: Buffer | string): void => {
    const chunk = typeof piece === 'string' ? Buffer.from(piece) : piece;
    // An empty chunk would end a chunked body.
    if (this.#isOver || chunk.length === 0) return;
    const socket = this.#socket;
    if (this.#left === undefined) {
      socket.cork();
      socket.write(`${chunk.length.toString(16)}\r\n`, 'latin1');
      socket.write(chunk);
      socket.write('\r\n', 'latin1');
      socket.uncork();
    } else {
      this.#left -= chunk.length;
      if (this.#left < 0) {
        this.stop();
        this.#owner.bodyMismatched();
        return;
      }
      socket.write(chunk);
    }
    if (socket.writableNeedDrain) {
      this.#body.pause();
      socket.once('drain', this.#onDrain);
    }
    this.#owner.bodyProgressed();
  };

  readonly #onDrain = (): void => {
    this.#owner.bodyProgressed();
    this.#body.resume();
  };

  readonly #onEnd = (): void => {
    if (this.#isOver) return;
    this.stop();
    if (this.#left !== undefined && this.#left > 0) {
      this.#owner.bodyMismatched();
      return;
    }
    if (this.#left === undefined) this.#socket.write('0\r\n\r\n', 'latin1');
    this.#owner.bodySent();
  };
}
