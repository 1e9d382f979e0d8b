/**
 * A request's body that can be sent more than once while it is small: what has been read from the client is
 * kept for a retry or a restart until the limit is passed (vmod_std's cache_req_body, without the waiting).
 * A body is never replayed in part: once more than the limit has been read, there is no second reader.
 *
 * Reading goes at the pace of the backend, since reading is what lets the client send.
 */
import { Readable } from 'node:stream';
import { TroupeError } from '../../errors.ts';

/** Where it is counted what readers have been given. */
export interface SentCounter {
  bytesSent: number;
}

export class ReplayableBody {
  readonly #source: Readable;
  /** Bytes that the client announced; undefined with chunked coding. */
  readonly length: number | undefined;
  readonly #limit: number;
  #kept: Uint8Array[] = [];
  /** How much the client has sent, as far as it was read. */
  readBytes = 0;
  #state: 'reading' | 'read' | 'broken' = 'reading';
  #isListening = false;
  #reader: BodyReader | undefined;
  /** False once more has been read than may be kept. */
  isReplayable = true;

  /**
   * @param source destroyed with an error when the client goes away
   * @param limit bytes that may be kept
   */
  constructor(source: Readable, length: number | undefined, limit: number) {
    this.#source = source;
    this.length = length;
    this.#limit = limit;
    // Without a listener an error of the client's would end the process.
    source.on('error', () => this.#break());
  }

  /** True once the client has failed to send the whole body. */
  get isBroken(): boolean {
    return this.#state === 'broken';
  }

  /** True once the client has sent the whole body. */
  get isComplete(): boolean {
    return this.#state === 'read';
  }

  /** Why the body cannot be sent once more, or undefined if it can. */
  refusal(purpose: 'retry' | 'restart'): TroupeError | undefined {
    if (this.isReplayable && !this.isBroken) return undefined;
    const message = `no ${purpose}: more than ${this.#limit} bytes of the request's body have been sent, and only that many are kept`;
    return new TroupeError('troupe.not-replayable', message, { side: 'troupe' });
  }

  /** The whole body from its first byte, for one more attempt. The reader before gets nothing any more. */
  open(counter: SentCounter): Uint8Array | Readable {
    this.#reader?.destroy();
    this.#takeWhatIsThere();
    if (this.#state === 'read') {
      counter.bytesSent += this.readBytes;
      return this.#wholeBody();
    }
    const reader = new BodyReader(this, counter);
    this.#reader = reader;
    if (this.isBroken || this.#source.destroyed) reader.destroy(brokenOff());
    return reader;
  }

  /** Stops reading: whoever owns the source decides about the rest. */
  close(): void {
    this.#reader?.destroy();
    this.#kept = [];
    this.isReplayable = false;
    // A stream with such a listener cannot be made to flow.
    this.#source.off('readable', this.#wakeReader);
  }

  /** The piece after the first `index`, or undefined if the client has to send it first. Readers only. */
  piece(index: number): Uint8Array | undefined {
    const again = this.#kept[index];
    if (again !== undefined) return again;
    if (this.#state !== 'reading') return undefined;
    if (!this.#isListening) this.#listen();
    const chunk = this.#source.read() as Uint8Array | null;
    if (chunk === null) return undefined;
    this.#keep(chunk);
    return chunk;
  }

  /** A reader has been destroyed by whoever read it. Readers only. */
  forget(reader: BodyReader): void {
    if (this.#reader === reader) this.#reader = undefined;
  }

  /** A small body that came together with its head goes to the backend in one piece. */
  #takeWhatIsThere(): void {
    const { length } = this;
    const source = this.#source;
    if (this.#state !== 'reading' || length === undefined || length > this.#limit) return;
    if (source.readableLength === 0 || source.readableLength + this.readBytes !== length) return;
    for (let chunk = source.read(); chunk !== null; chunk = source.read()) this.#keep(chunk as Uint8Array);
    this.#state = 'read';
  }

  #wholeBody(): Uint8Array {
    const [only] = this.#kept;
    return only !== undefined && this.#kept.length === 1 ? only : Buffer.concat(this.#kept, this.readBytes);
  }

  readonly #wakeReader = (): void => this.#reader?.wake();

  #listen(): void {
    this.#isListening = true;
    this.#source.on('readable', this.#wakeReader);
    this.#source.once('end', () => {
      this.#state = 'read';
      this.#reader?.wake();
    });
    this.#source.once('close', () => this.#break());
  }

  #keep(chunk: Uint8Array): void {
    this.readBytes += chunk.length;
    if (!this.isReplayable) return;
    if (this.readBytes <= this.#limit) {
      this.#kept.push(chunk);
    } else {
      this.isReplayable = false;
      this.#kept = [];
    }
  }

  #break(): void {
    if (this.#state !== 'reading') return;
    this.#state = 'broken';
    this.#reader?.destroy(brokenOff());
  }
}

/** One attempt's view of the body: first what was kept, then what the client goes on sending. */
class BodyReader extends Readable {
  readonly #body: ReplayableBody;
  readonly #counter: SentCounter;
  #index = 0;
  #isWanting = false;

  constructor(body: ReplayableBody, counter: SentCounter) {
    super();
    this.#body = body;
    this.#counter = counter;
    // Whoever reads hears of an error; if nobody does any more, it must not end the process.
    this.on('error', () => {});
  }

  override _read(): void {
    this.#isWanting = true;
    this.wake();
  }

  override _destroy(error: Error | null, done: (error?: Error | null) => void): void {
    this.#isWanting = false;
    this.#body.forget(this);
    done(error);
  }

  /** Called when more has come, or the end. */
  wake(): void {
    while (this.#isWanting) {
      const piece = this.#body.piece(this.#index);
      if (piece === undefined) {
        if (this.#body.isComplete) {
          this.#isWanting = false;
          this.push(null);
        }
        return;
      }
      this.#index++;
      this.#counter.bytesSent += piece.length;
      // Pushing may ask for more at once.
      this.#isWanting = false;
      if (this.push(piece)) this.#isWanting = true;
    }
  }
}

function brokenOff(): Error {
  return new Error('the client did not send the whole body');
}
