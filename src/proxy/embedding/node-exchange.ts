/**
 * One request that a node:http server received, and the response that it is owed. Node parses, frames and owns
 * the connection; what other handlers have set on the response before goes out with it, unless the proxy's
 * own head says otherwise.
 */
import { type IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Exchange, ResponseBody, ResponseHead, SocketAddress } from '../http/exchange.ts';
import { Fields } from '../http/fields.ts';
import { endsWithHead } from '../listener/response-head.ts';
import { localAddress, remoteAddress } from '../listener/socket-address.ts';
import { resetConnection } from '../reset-connection.ts';
import { NodeRequestBody } from './node-request-body.ts';
import { type BodyOwner, NodeResponseBody } from './node-response-body.ts';
import { PipedRequest } from './piped-request.ts';

/** What was found out of a request before it became an exchange. */
export interface AcceptedRequest {
  readonly version: '1.0' | '1.1';
  readonly fields: Fields;
  /** Bytes to come; undefined: chunked coding. */
  readonly bodyLength: number | undefined;
  readonly listener: string;
  readonly receivedAt: number;
  /** Called once when the exchange is over. */
  readonly over: () => void;
}

export class NodeExchange implements Exchange, BodyOwner {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly fields: Fields;
  readonly bodyLength: number | undefined;
  readonly body: NodeRequestBody | undefined;
  readonly client: SocketAddress;
  readonly server: SocketAddress;
  readonly listener: string;
  readonly receivedAt: number;
  onAborted: (() => void) | undefined;
  onFinished: (() => void) | undefined;

  /** Whether nothing more can be sent. */
  isOver = false;
  #isBegun = false;
  #endsWithConnection = false;
  readonly #request: IncomingMessage;
  readonly #response: ServerResponse;
  readonly #over: () => void;

  constructor(request: IncomingMessage, response: ServerResponse, accepted: AcceptedRequest) {
    this.#request = request;
    this.#response = response;
    this.#over = accepted.over;
    this.method = request.method as string;
    // Within an Express mount point that is the path without the prefix, as for every other handler there.
    this.target = request.url as string;
    this.version = accepted.version;
    this.fields = accepted.fields;
    this.bodyLength = accepted.bodyLength;
    this.body = this.bodyLength === 0 ? undefined : new NodeRequestBody(request, () => this.#sendContinue());
    this.client = remoteAddress(request.socket);
    this.server = localAddress(request.socket);
    this.listener = accepted.listener;
    this.receivedAt = accepted.receivedAt;
    this.onAborted = undefined;
    this.onFinished = undefined;
    response.on('close', () => this.#abort());
  }

  get trailers(): Fields | undefined {
    const { complete, rawTrailers } = this.#request;
    return complete && rawTrailers.length > 0 ? new Fields([...rawTrailers]) : undefined;
  }

  respond(head: ResponseHead, body: Uint8Array | undefined, length?: number): void {
    if (!this.#mayBegin()) return;
    const bytes = body === undefined ? 0 : body.length;
    if (endsWithHead(this.method, head.status)) {
      this.#writeHead(head, head.status === 204 ? undefined : length);
      this.#response.end();
    } else {
      this.#writeHead(head, bytes);
      this.#response.end(body);
    }
    this.bodyEnded();
  }

  begin(head: ResponseHead, length: number | undefined): ResponseBody {
    const isEmpty = endsWithHead(this.method, head.status);
    const body = new NodeResponseBody(this, this.#response, isEmpty ? 'empty' : (length ?? 'framed'));
    if (this.#mayBegin()) {
      this.#endsWithConnection = this.version === '1.0' && length === undefined && !isEmpty;
      this.#writeHead(head, head.status === 204 ? undefined : length);
    }
    return body;
  }

  takeOver(): Duplex {
    this.#isBegun = true;
    this.isOver = true;
    return new PipedRequest(this.#request, this.#response, this.body, this.bodyLength, () => this.#finish());
  }

  bodyEnded(): void {
    this.#skipRest();
    this.#finish();
  }

  bodyCut(): void {
    const { socket } = this.#response;
    this.#finish();
    // An orderly close would look like the body's end.
    if (this.#endsWithConnection && socket !== null) resetConnection(socket);
    else this.#response.destroy();
  }

  /** False: somebody else has answered, or there is nobody to answer any more. */
  #mayBegin(): boolean {
    if (this.#isBegun || this.isOver) return false;
    const { headersSent, writableEnded, destroyed } = this.#response;
    if (headersSent || writableEnded || destroyed) {
      this.#abort();
      return false;
    }
    this.#isBegun = true;
    return true;
  }

  #writeHead({ status, reason, fields }: ResponseHead, length: number | undefined): void {
    const response = this.#response;
    const raw = fields.raw.slice();
    if (length !== undefined) raw.push('Content-Length', String(length));
    // Framing that other handlers have announced was for a body of theirs.
    if (response.hasHeader('Content-Length')) response.removeHeader('Content-Length');
    if (response.hasHeader('Trailer')) response.removeHeader('Trailer');
    if (response.hasHeader('Transfer-Encoding')) response.removeHeader('Transfer-Encoding');
    if (isUntouched(response)) {
      response.writeHead(status, reason, raw);
      return;
    }
    for (let i = 0; i < raw.length; i += 2) response.removeHeader(raw[i] as string);
    for (let i = 0; i < raw.length; i += 2) response.appendHeader(raw[i] as string, raw[i + 1] as string);
    response.writeHead(status, reason);
  }

  /**
   * Node sends 100 Continue before it hands a request on, unless the server listens to `checkContinue`: then
   * it is sent when a backend wants the body. `_sent100` is the only place where node says what it has done.
   */
  #sendContinue(): void {
    const response = this.#response as ServerResponse & { readonly _sent100?: boolean };
    const mayWait = this.version === '1.1' && this.#request.headers.expect !== undefined;
    if (mayWait && response._sent100 === false && !this.#isBegun && !this.isOver) response.writeContinue();
  }

  /** Reads on to the next request, as node does by itself only where nobody began to read. */
  #skipRest(): void {
    if (this.body === undefined || this.#request.readableEnded) return;
    this.body.destroy();
    this.#request.resume();
  }

  /** The client has gone, or somebody else has answered. Harmless when the exchange is over. */
  #abort(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.body?.breakOff();
    const told = this.onAborted;
    this.onAborted = undefined;
    told?.();
    this.#finish();
  }

  #finish(): void {
    this.isOver = true;
    const told = this.onFinished;
    this.onFinished = undefined;
    told?.();
    this.#over();
  }
}

/**
 * Whether a head can be written as a list. Not where fields have been set (Node 20 drops duplicates then), nor
 * where somebody wants to see the head first, as compression and sessions do: not all of them understand lists.
 */
function isUntouched(response: ServerResponse): boolean {
  return response.writeHead === ServerResponse.prototype.writeHead && response.getHeaderNames().length === 0;
}
