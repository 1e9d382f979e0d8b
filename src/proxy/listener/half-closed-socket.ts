/**
 * A socket whose client has sent its last byte already, before anybody took the connection over: what was
 * received comes first, then the end that the socket itself has reported long ago.
 */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import { resetConnection } from '../reset-connection.ts';

export class HalfClosedSocket extends Duplex {
  readonly #socket: Socket;
  #received: Buffer | undefined;

  constructor(socket: Socket, received: Buffer) {
    super({ allowHalfOpen: true });
    this.#socket = socket;
    this.#received = received;
    socket.on('error', (error) => this.destroy(error));
    socket.on('close', () => this.destroy());
  }

  resetAndDestroy(): void {
    resetConnection(this.#socket);
  }

  override _read(): void {
    const received = this.#received;
    this.#received = undefined;
    if (received !== undefined && received.length > 0) this.push(received);
    else this.push(null);
  }

  override _write(chunk: Buffer, _: BufferEncoding, done: (error?: Error | null) => void): void {
    this.#socket.write(chunk, done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#socket.end(() => done());
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#socket.destroy();
    done(error);
  }
}
