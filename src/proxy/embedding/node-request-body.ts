/**
 * The body of a request that node:http receives, as an exchange hands it on: reading it is what makes node
 * read from the client, and what asks a waiting client to go on (RFC 9110 section 10.1.1).
 *
 * Not the IncomingMessage itself: destroying that would take the connection with it, and it says of a client
 * that has gone only that it was `aborted`.
 */
import type { IncomingMessage } from 'node:http';
import { Readable } from 'node:stream';
import { TroupeError } from '../../errors.ts';

export class NodeRequestBody extends Readable {
  receivedBytes = 0;
  readonly #request: IncomingMessage;
  readonly #goOn: () => void;
  #isReading = false;

  /** @param goOn called when the body is first wanted */
  constructor(request: IncomingMessage, goOn: () => void) {
    super();
    this.#request = request;
    this.#goOn = goOn;
    request.on('end', () => this.push(null));
    request.on('close', () => this.breakOff());
    // 'close' follows and does what is to be done.
    request.on('error', ignore);
    // Whoever reads the body hears of its end; one that nobody reads must not end the process by it.
    this.on('error', ignore);
  }

  /** The client has gone. Harmless once the body has been received. */
  breakOff(): void {
    if (this.#request.readableEnded) return;
    this.destroy(
      new TroupeError('client.gone', 'the client did not send the whole body', { side: 'client' }),
    );
  }

  override _read(): void {
    if (this.#isReading) {
      this.#request.resume();
      return;
    }
    this.#isReading = true;
    this.#goOn();
    this.#request.on('data', this.#onData);
    // Middleware may have paused it, which listening alone does not end.
    this.#request.resume();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#request.off('data', this.#onData);
    done(error);
  }

  readonly #onData = (chunk: Buffer): void => {
    this.receivedBytes += chunk.length;
    if (!this.push(chunk)) this.#request.pause();
  };
}

function ignore(): void {}
