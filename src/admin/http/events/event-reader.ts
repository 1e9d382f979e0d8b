/**
 * One reader of `/events`. Node keeps what a reader does not take in this process's memory; beyond a bound the
 * reader is told that it is dropped, and its connection closed, whether it takes that or not.
 */
import type { ServerResponse } from 'node:http';
import { beginAnswer } from '../answer.ts';
import type { EventType } from '../schema/event-schema.ts';

/** Bytes that may wait for a reader. Further ones wait in the kernel. */
const MOST_WAITING_BYTES = 512 * 1024;
/** Milliseconds that a dropped reader gets to take what it was sent. */
const FAREWELL_MS = 2_000;
/** Milliseconds after which a browser connects again. */
const RETRY_MS = 2_000;

export class EventReader {
  readonly types: ReadonlySet<string>;
  readonly #response: ServerResponse;
  #isOver = false;
  #lastWrite: number;

  /** @param onOver called once, when nothing more can be written */
  constructor(response: ServerResponse, types: readonly EventType[], now: number, onOver: () => void) {
    this.types = new Set(types);
    this.#response = response;
    this.#lastWrite = now;
    response.on('close', () => {
      this.#isOver = true;
      onOver();
    });
    beginAnswer(response, 200, 'text/event-stream; charset=utf-8', { 'X-Accel-Buffering': 'no' });
    response.write(`retry: ${RETRY_MS}\n\n`);
  }

  wants(type: string): boolean {
    return this.types.has(type) || type === 'missed';
  }

  /** Milliseconds of the clock. */
  get lastWrite(): number {
    return this.#lastWrite;
  }

  write(text: string, now: number): void {
    if (this.#isOver) return;
    this.#lastWrite = now;
    if (this.#response.writableLength > MOST_WAITING_BYTES) this.#drop();
    else this.#response.write(text);
  }

  /** Ends it; `text` is the last that it is sent. */
  end(text = ''): void {
    if (this.#isOver) return;
    this.#isOver = true;
    const response = this.#response;
    response.end(text);
    const timer = setTimeout(() => response.destroy(), FAREWELL_MS);
    timer.unref();
    response.on('close', () => clearTimeout(timer));
  }

  #drop(): void {
    const message = `${MOST_WAITING_BYTES} bytes were waiting to be read: this reader is dropped`;
    this.end(`event: dropped\ndata: ${JSON.stringify({ message })}\n\n`);
  }
}
