/** One request on a connection, and the response that it is owed. */
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock.ts';
import type { TroupeError } from '../../errors.ts';
import type {
  Exchange,
  Framing,
  Persistence,
  ResponseBody,
  ResponseHead,
  Session,
  SocketAddress,
} from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { HeadReader } from './head-reader.ts';
import type { Outbox } from './outbox.ts';
import type { RequestBody } from './request-body.ts';
import { endsWithHead, responseHead } from './response-head.ts';
import { type BodyFraming, type BodyOwner, StreamedBody } from './streamed-body.ts';

/** Bytes up to which a body is copied behind its head, for one write. */
const copyBytes = 64 * 1024;
/** Bytes handed to the socket at a time of a large body, so that progress and a stalled client can be seen. */
const pieceBytes = 256 * 1024;

/** The connection, as an exchange uses it. */
export interface ResponseChannel extends Session {
  readonly outbox: Outbox;
  readonly clock: Clock;
  readonly listener: string;
  readonly client: SocketAddress;
  readonly server: SocketAddress;
  /**
   * Decides what becomes of the connection after the response whose head is about to be written.
   *
   * @param endsWithConnection the response's body has no other end
   */
  settlePersistence(endsWithConnection: boolean): Persistence;
  responseEnded(): void;
  responseCut(endsWithConnection: boolean): void;
  takeOver(): Duplex;
}

export class HttpExchange implements Exchange, BodyOwner {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly fields: Fields;
  readonly bodyLength: number | undefined;
  readonly body: RequestBody | undefined;
  readonly receivedAt: number;
  trailers: Fields | undefined;
  onAborted: (() => void) | undefined;
  onFinished: (() => void) | undefined;

  /** Whether the response has begun, so that no other one can be sent instead. */
  isBegun = false;
  /** Whether nothing more can be sent. */
  isOver = false;
  /** The response's body while it is streamed. */
  streamed: StreamedBody | undefined;
  readonly #channel: ResponseChannel;

  constructor(
    channel: ResponseChannel,
    head: HeadReader,
    bodyLength: number | undefined,
    body: RequestBody | undefined,
    receivedAt: number,
  ) {
    this.method = head.method;
    this.target = head.target;
    this.version = head.version;
    this.fields = head.fields;
    this.bodyLength = bodyLength;
    this.body = body;
    this.receivedAt = receivedAt;
    this.trailers = undefined;
    this.onAborted = undefined;
    this.onFinished = undefined;
    this.#channel = channel;
  }

  get client(): SocketAddress {
    return this.#channel.client;
  }

  get server(): SocketAddress {
    return this.#channel.server;
  }

  get session(): Session {
    return this.#channel;
  }

  get listener(): string {
    return this.#channel.listener;
  }

  get canSwitch(): boolean {
    return true;
  }

  get outbox(): Outbox {
    return this.#channel.outbox;
  }

  respond(head: ResponseHead, body: Uint8Array | undefined, length?: number): void {
    if (this.isBegun || this.isOver) return;
    const bytes = body === undefined ? 0 : body.length;
    if (endsWithHead(this.method, head.status)) {
      const announced = this.method === 'HEAD' && body !== undefined ? (length ?? bytes) : length;
      this.#writeHead(head, announced === undefined || head.status === 204 ? 'none' : announced, false);
      this.outbox.flush();
      this.bodyEnded();
    } else if (body === undefined || bytes === 0) {
      this.#writeHead(head, 0, false);
      this.outbox.flush();
      this.bodyEnded();
    } else if (bytes <= copyBytes) {
      this.isBegun = true;
      const channel = this.#channel;
      const persistence = channel.settlePersistence(head.closes === true);
      channel.outbox.send(responseHead(head, bytes, persistence, channel.clock), body);
      this.bodyEnded();
    } else {
      sendInPieces(this.begin(head, bytes), body);
    }
  }

  respondText(head: ResponseHead, body: string): void {
    if (this.isBegun || this.isOver) return;
    this.isBegun = true;
    const channel = this.#channel;
    const persistence = channel.settlePersistence(head.closes === true);
    channel.outbox.sendText(responseHead(head, body.length, persistence, channel.clock) + body);
    this.bodyEnded();
  }

  begin(head: ResponseHead, length: number | undefined): ResponseBody {
    const framing = this.#bodyFraming(head.status, length);
    const body = new StreamedBody(this, framing);
    if (this.isBegun || this.isOver) return body;
    this.streamed = body;
    let announced: Framing = 'none';
    if (framing === 'chunked') announced = 'chunked';
    else if (framing !== 'until-close' && head.status !== 204) announced = length ?? 'none';
    this.#writeHead(head, announced, framing === 'until-close');
    this.outbox.flushSoon();
    return body;
  }

  takeOver(): Duplex {
    this.isBegun = true;
    this.isOver = true;
    return this.#channel.takeOver();
  }

  bodyEnded(): void {
    this.#finish();
    this.#channel.responseEnded();
  }

  bodyCut(endsWithConnection: boolean): void {
    this.#finish();
    this.#channel.responseCut(endsWithConnection);
  }

  /** The client has gone, or broken the protocol. Harmless when the exchange is over. */
  abort(error: TroupeError): void {
    if (this.isOver) return;
    this.isOver = true;
    this.body?.destroy(error);
    const told = this.onAborted;
    this.onAborted = undefined;
    told?.();
    this.#finish();
  }

  /** The connection that was taken over has closed. */
  tunnelClosed(): void {
    this.#finish();
  }

  #finish(): void {
    this.isOver = true;
    this.streamed = undefined;
    const told = this.onFinished;
    this.onFinished = undefined;
    told?.();
  }

  #writeHead(head: ResponseHead, framing: Framing, endsWithConnection: boolean): void {
    this.isBegun = true;
    const channel = this.#channel;
    const persistence = channel.settlePersistence(endsWithConnection || head.closes === true);
    channel.outbox.addText(responseHead(head, framing, persistence, channel.clock));
  }

  #bodyFraming(status: number, length: number | undefined): BodyFraming {
    if (endsWithHead(this.method, status)) return 'empty';
    if (length !== undefined) return length;
    return this.version === '1.0' ? 'until-close' : 'chunked';
  }
}

function sendInPieces(body: ResponseBody, bytes: Uint8Array): void {
  let sent = 0;
  const send = () => {
    while (sent < bytes.length) {
      const piece = bytes.subarray(sent, sent + pieceBytes);
      sent += piece.length;
      if (!body.write(piece) && sent < bytes.length) return;
    }
    body.end();
  };
  body.onDrain = send;
  send();
}
