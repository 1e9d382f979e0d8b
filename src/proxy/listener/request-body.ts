/**
 * The body of one request as a stream. It holds at most one piece that nobody has read: reading it is what
 * makes the connection decode, and receive, the next one.
 */
import { Readable } from 'node:stream';

export interface BodySource {
  /** Somebody waits for the next piece. */
  bodyWanted(): void;
  /** Nobody will read the rest. */
  bodyDropped(body: RequestBody): void;
}

export class RequestBody extends Readable {
  readonly #source: BodySource;

  constructor(source: BodySource) {
    super();
    this.#source = source;
    // Whoever reads the body hears of its end; one that nobody reads must not end the process by it.
    this.on('error', ignore);
  }

  override _read(): void {
    this.#source.bodyWanted();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#source.bodyDropped(this);
    done(error);
  }
}

function ignore(): void {}
