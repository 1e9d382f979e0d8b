/**
 * One connection to a backend, which serves one fetch at a time. It is read all the time: bytes that no
 * request asked for end it, so that none can be taken for another fetch's answer.
 */
import type { OnReadOpts, Socket } from 'node:net';
import { MessageParser } from '../http1/llhttp.ts';
import { AnswerHead } from './answer-head.ts';
import { ReadBuffer } from './read-buffer.ts';
import { Watched } from './silence-watch.ts';

/** The fetch that a connection is given to. */
export interface ConnectionUser {
  /**
   * @param bytes to be used before this returns: they are overwritten then
   * @returns false: nothing more until `BackendConnection.resume`
   */
  onBytes(bytes: Buffer): boolean;
  /** The backend has sent its last byte. */
  onLastByte(): void;
  /** The connection has gone. */
  onGone(error: Error | undefined): void;
  /** The transport closes. */
  onClosing(): void;
}

export class BackendConnection extends Watched {
  /** Place in the pool's list of idle connections; -1 while in use. */
  idleIndex = -1;
  /** Whom it is given to; undefined while idle. */
  user: ConnectionUser | undefined;
  readonly parser = new MessageParser('response');
  readonly head = new AnswerHead(this.parser);
  readonly buffer = new ReadBuffer();
  /** How its socket is to be read, for who opens it: past the machinery of streams, which nothing here needs. */
  readonly reading: OnReadOpts = {
    buffer: () => this.buffer.next(),
    callback: (count, buffer) => this.#take((buffer as Buffer).subarray(0, count)),
  };
  #socket: Socket | undefined;
  #error: Error | undefined;

  /** @param socket connected, without listeners */
  attach(socket: Socket): void {
    this.#socket = socket;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', this.#onError);
    socket.on('close', this.#onClose);
  }

  /** Until it has been attached to one, a connection has none. */
  get socket(): Socket {
    return this.#socket as Socket;
  }

  /** Reads on after a user has said false. */
  resume(): void {
    this.#socket?.resume();
  }

  /** Ends it now, whatever it is in the middle of. Its user hears nothing of it. */
  close(): void {
    this.user = undefined;
    this.#socket?.destroy();
  }

  /**
   * Gives the socket away, as new, for who reads it as a stream: not one that was opened with `reading`.
   *
   * @param received bytes that come first
   */
  detach(received: Buffer): Socket {
    const socket = this.socket;
    this.user = undefined;
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('error', this.#onError);
    socket.off('close', this.#onClose);
    this.parser.free();
    socket.pause();
    if (received.length > 0) socket.unshift(received);
    // Whoever listens for data starts the flow.
    (socket as { readableFlowing: boolean | null }).readableFlowing = null;
    return socket;
  }

  /** It has been idle for as long as it may. */
  onSilent(): void {
    this.close();
  }

  #take(bytes: Buffer): boolean {
    const { user } = this;
    if (user === undefined) {
      this.close();
      return false;
    }
    return user.onBytes(bytes);
  }

  /** Only a socket without `reading` gives data this way. */
  readonly #onData = (bytes: Buffer): void => {
    if (!this.#take(bytes)) this.#socket?.pause();
  };

  readonly #onEnd = (): void => {
    if (this.user === undefined) this.close();
    else this.user.onLastByte();
  };

  readonly #onError = (error: Error): void => {
    this.#error = error;
  };

  readonly #onClose = (): void => {
    this.parser.free();
    const { user } = this;
    this.user = undefined;
    user?.onGone(this.#error);
  };
}
