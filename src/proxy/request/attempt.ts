/**
 * One request sent to one backend: it counts as in flight there until it is over, and hands what comes back
 * to whoever sent it for as long as that one listens. An answer that is not wanted any more (a retry, a
 * response to HEAD) is read to its end if it is small, so that the connection lives on.
 */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock.ts';
import { TroupeError } from '../../errors.ts';
import type { Lease } from '../directors/lease.ts';
import type { BackendTarget } from '../directors/target.ts';
import type { FetchCall, FetchHandler, FetchHead, FetchRequest, Transport } from '../fetch/transport.ts';
import type { SocketAddress } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { BackendRecord } from './backend-record.ts';

export interface AttemptReceiver {
  answered(head: FetchHead): void;
  /** False: stop until `Attempt.resume`. */
  received(chunk: Uint8Array): boolean;
  ended(trailers: Fields | undefined): void;
  /** In place of an answer: the backend has switched to a protocol that it was offered. */
  upgraded(head: FetchHead, connection: Duplex, record: BackendRecord): void;
  failed(error: TroupeError): void;
}

/** Bytes of an unwanted body that are worth reading to save a connection. */
export const worthReading = 64 * 1024;

export class Attempt implements FetchHandler {
  readonly target: BackendTarget;
  readonly record: BackendRecord;
  /** Milliseconds of the clock. */
  sentAt = 0;
  /** Milliseconds of the clock; undefined until the head of an answer has come. */
  answeredAt: number | undefined;
  /** Of the answer; 0 until its head has come. */
  status = 0;
  readonly #clock: Clock;
  readonly #lease: Lease | undefined;
  #receiver: AttemptReceiver | undefined;
  #call: FetchCall | undefined;
  /** The backend's, after it has switched protocols. */
  #connection: Duplex | undefined;
  #isOver = false;
  #unwantedBytes = 0;

  /** @param lease what the pick holds with directors; released when the attempt is over */
  constructor(
    target: BackendTarget,
    record: BackendRecord,
    lease: Lease | undefined,
    receiver: AttemptReceiver,
    clock: Clock,
  ) {
    this.target = target;
    this.record = record;
    this.#lease = lease;
    this.#receiver = receiver;
    this.#clock = clock;
  }

  /** Milliseconds that a connection took which was opened for this attempt. */
  get connectMs(): number | undefined {
    return this.#call?.connectMs;
  }

  /** Milliseconds from the request to the head of its answer; 0 until that has come. */
  get waitMs(): number {
    return this.answeredAt === undefined ? 0 : this.answeredAt - this.sentAt;
  }

  get peer(): SocketAddress | undefined {
    return this.#call?.peer;
  }

  send(transport: Transport, request: FetchRequest, isRetry: boolean): void {
    this.record.begin(isRetry);
    this.sentAt = this.#clock.now();
    try {
      this.#call = transport.fetch(this.target, request, this);
    } catch (cause) {
      const message = `${this.target.identity}: the request could not be handed to the transport`;
      this.onError(new TroupeError('troupe.internal', message, { side: 'troupe', cause }));
    }
  }

  /** The connection is not to be used again. */
  closeAfter(): void {
    this.#call?.closeAfter?.();
  }

  /** All of the body as text, if it is here and no longer than that, as long as `answered` has not returned. */
  takeText(mostBytes: number): string | undefined {
    const text = this.#receiver === undefined ? undefined : this.#call?.takeText?.(mostBytes);
    if (text === undefined) return undefined;
    this.record.bytesReceived += text.length;
    // Before the client gets it, whose next request may be there already.
    this.#end();
    return text;
  }

  resume(): void {
    this.#call?.resume();
  }

  /** Nobody wants the answer any more, and the connection may go. */
  abort(): void {
    this.#receiver = undefined;
    if (this.#isOver) return;
    if (this.answeredAt === undefined) this.#lease?.unanswered(this.#clock.now() - this.sentAt);
    this.#end();
    this.#call?.abort();
    this.#connection?.destroy();
  }

  /** Nobody wants the answer any more, but the connection is worth keeping. */
  leave(): void {
    this.#receiver = undefined;
    if (!this.#isOver) this.#call?.resume();
  }

  onHead(head: FetchHead): void {
    this.#noteAnswer(head);
    this.#receiver?.answered(head);
  }

  /** It counts as in flight until the connection has closed, whoever has it then. */
  onUpgrade(head: FetchHead, connection: Duplex): void {
    this.#connection = connection;
    // Whoever gets it may decide to destroy it, and then a reset would find nobody listening.
    connection.on('error', ignore);
    connection.once('close', () => this.#end());
    this.#noteAnswer(head);
    this.#receiver?.upgraded(head, connection, this.record);
  }

  onData(chunk: Uint8Array): boolean {
    this.record.bytesReceived += chunk.length;
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
    // A client that goes away during its upload is no failure of the backend's.
    const isBackends = error.side !== 'client';
    if (this.answeredAt === undefined) {
      const ms = this.#clock.now() - this.sentAt;
      if (isBackends) this.#lease?.failed(ms);
      else this.#lease?.unanswered(ms);
    }
    this.#end();
    if (isBackends) this.record.countFailure(error.code);
    this.#receiver?.failed(error);
  }

  #noteAnswer(head: FetchHead): void {
    const now = this.#clock.now();
    this.answeredAt = now;
    this.status = head.status;
    this.record.countAnswer(now - this.sentAt);
    this.#lease?.answered(now - this.sentAt);
  }

  #end(): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#lease?.release();
    this.record.end();
  }
}

function ignore(): void {}
