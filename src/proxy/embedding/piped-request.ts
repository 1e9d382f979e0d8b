/**
 * A request that was parsed already, as the raw connection that a pipe takes: what the client sent of its body
 * comes first, framed again as its head says, and what is written goes to the client as it is.
 *
 * It ends with the connection only. An end after the body would be handed on to the backend, and many take
 * that for a client that has gone.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { Duplex, type Readable } from 'node:stream';
import { resetConnection } from '../reset-connection.ts';

export class PipedRequest extends Duplex {
  readonly #socket: Socket;
  readonly #body: Readable | undefined;
  readonly #isChunked: boolean;
  #isReading = false;

  /**
   * @param bodyLength undefined: chunked coding
   * @param closed called once when the connection has closed
   */
  constructor(
    request: IncomingMessage,
    response: ServerResponse,
    body: Readable | undefined,
    bodyLength: number | undefined,
    closed: () => void,
  ) {
    super({ allowHalfOpen: true });
    this.#socket = request.socket;
    this.#body = body;
    this.#isChunked = bodyLength === undefined;
    // What was announced before the pipe took over has nobody to be written by any more.
    response.shouldKeepAlive = false;
    const close = () => {
      this.destroy();
      closed();
    };
    if (this.#socket.destroyed) process.nextTick(close);
    else this.#socket.once('close', close);
  }

  resetAndDestroy(): void {
    resetConnection(this.#socket);
  }

  override _read(): void {
    const body = this.#body;
    if (body === undefined) return;
    if (this.#isReading) {
      body.resume();
      return;
    }
    this.#isReading = true;
    body.on('data', (chunk: Buffer) => {
      if (!this.#pass(chunk)) body.pause();
    });
    body.on('end', () => {
      if (this.#isChunked) this.push('0\r\n\r\n', 'latin1');
    });
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

  #pass(chunk: Buffer): boolean {
    if (!this.#isChunked) return this.push(chunk);
    this.push(`${chunk.length.toString(16)}\r\n`, 'latin1');
    this.push(chunk);
    return this.push('\r\n', 'latin1');
  }
}
