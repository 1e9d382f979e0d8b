/**
 * One request sent to one backend: it counts as in flight there until it is over, and hands what comes back
 * to whoever sent it for as long as that one listens. An answer that is not wanted any more (a retry, a
 * response to HEAD) is read to its end if it is small, so that the connection lives on.
 */
import { TroupeError } from '../../errors.ts';
import type { BackendTarget } from '../directors/target.ts';
import type { FetchCall, FetchHandler, FetchHead, FetchRequest, Transport } from '../fetch/transport.ts';
import type { Fields } from '../http/fields.ts';
import type { BackendRecord } from './backend-record.ts';

export interface AttemptReceiver {
  answered(head: FetchHead): void;
  /** False: stop until `Attempt.resume`. */
  received(chunk: Uint8Array): boolean;
  ended(trailers: Fields | undefined): void;
  failed(error: TroupeError): void;
}

/** Bytes of an unwanted body that are worth reading to save a connection. */
export const worthReading = 64 * 1024;

export class Attempt implements FetchHandler {
  readonly #target: BackendTarget;
  readonly #record: BackendRecord;
  #receiver: AttemptReceiver | undefined;
  #call: FetchCall | undefined;
  #isOver = false;
  #unwantedBytes = 0;

  constructor(target: BackendTarget, record: BackendRecord, receiver: AttemptReceiver) {
    this.#target = target;
    this.#record = record;
    this.#receiver = receiver;
  }

  send(transport: Transport, request: FetchRequest): void {
    this.#record.begin();
    try {
      this.#call = transport.fetch(this.#target, request, this);
    } catch (cause) {
      const message = `${this.#target.identity}: the request could not be handed to the transport`;
      this.onError(new TroupeError('troupe.internal', message, { side: 'troupe', cause }));
    }
  }

  resume(): void {
    this.#call?.resume();
  }

  /** Nobody wants the answer any more, and the connection may go. */
  abort(): void {
    this.#receiver = undefined;
    if (this.#isOver) return;
    this.#end();
    this.#call?.abort();
  }

  /** Nobody wants the answer any more, but the connection is worth keeping. */
  leave(): void {
    this.#receiver = undefined;
    if (!this.#isOver) this.#call?.resume();
  }

  onHead(head: FetchHead): void {
    this.#receiver?.answered(head);
  }

  onData(chunk: Uint8Array): boolean {
    if (this.#receiver !== undefined) return this.#receiver.received(chunk);
    this.#unwantedBytes += chunk.length;
    if (this.#unwantedBytes > worthReading) this.abort();
    return true;
  }

  onEnd(trailers: Fields | undefined): void {
    this.#end();
    this.#receiver?.ended(trailers);
  }

  onError(error: TroupeError): void {
    this.#end();
    // A client that goes away during its upload is no failure of the backend's.
    if (error.side !== 'client') this.#record.countFailure(error.code);
    this.#receiver?.failed(error);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#record.end();
  }
}
