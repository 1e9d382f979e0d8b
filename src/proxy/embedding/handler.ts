/**
 * The proxy as a request handler of a node:http or node:https server, and of frameworks that stand on them.
 *
 * Node's parser lets through what Troupe's listener refuses, and even more when told to be insecure, so a
 * head is judged again by the same rules, as far as node still shows what was sent.
 */
import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Clock } from '../../clock.ts';
import { TroupeError } from '../../errors.ts';
import type { ExchangeHandler, SocketAddress } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import { malformed, type Refusal, refusalError } from '../listener/refusal.ts';
import { FramingFields } from '../listener/request-framing.ts';
import { isLegalTarget } from '../listener/request-target.ts';
import { remoteAddress } from '../listener/socket-address.ts';
import { illegalFields } from '../request/message-check.ts';
import type { Door } from './door.ts';
import { NodeExchange } from './node-exchange.ts';
import { requestFields } from './node-request-fields.ts';

/** Takes a request. Express and Connect pass `next`, which hears of what is wrong with the set-up. */
export type RequestHandler = (
  request: IncomingMessage,
  response: ServerResponse,
  next?: (error?: unknown) => void,
) => void;

export interface HandlerOptions {
  readonly handle: ExchangeHandler;
  readonly door: Door;
  readonly clock: Clock;
  /** What exchanges say they came by. */
  readonly name: string;
  readonly onClientError: ((error: TroupeError, client: SocketAddress) => void) | undefined;
  readonly onFault: (error: TroupeError, where: string) => void;
}

export class EmbeddedHandler {
  readonly connections = 0;
  readonly refusedConnections = 0;
  /** Requests refused, so far, because of what was sent. */
  refusedRequests = 0;
  readonly #options: HandlerOptions;
  readonly #framing = new FramingFields();

  constructor(options: HandlerOptions) {
    this.#options = options;
  }

  readonly handle: RequestHandler = (request, response, next) => {
    const { handle, door, clock, name } = this.#options;
    // What cannot be sent to a client who has gone is no reason to end the process.
    response.on('error', ignore);
    if (door.isClosed) {
      answerPlainly(response, 503);
      return;
    }
    const version = versionOf(request);
    const fields = requestFields(request);
    const refusal = this.#refusal(request, version, fields);
    if (refusal !== undefined) {
      this.#refuse(request, response, refusal);
      return;
    }
    const bodyLength = this.#framing.bodyLength();
    if (bodyLength !== 0 && request.readableDidRead) {
      this.#rejectConsumed(response, next);
      return;
    }
    const exchange = new NodeExchange(request, response, {
      version: version as '1.0' | '1.1',
      fields,
      bodyLength,
      listener: name,
      receivedAt: clock.now(),
      over: door.open.begin(),
    });
    door.pass(() => {
      if (!exchange.isOver) handle(exchange);
    });
  };

  /** The first reason not to serve the request, or undefined. */
  #refusal(
    request: IncomingMessage,
    version: '1.0' | '1.1' | undefined,
    fields: Fields,
  ): Refusal | undefined {
    if (version === undefined) {
      return { status: 505, code: 'client.malformed', message: `HTTP version ${request.httpVersion}` };
    }
    const method = request.method ?? '';
    if (!isLegalTarget(method, request.url ?? '')) return malformed('an illegal request target');
    const mistake = illegalFields(fields);
    if (mistake !== undefined) return malformed(mistake);
    const framing = this.#framing;
    const { rawHeaders } = request;
    framing.clear();
    for (let i = 0; i < rawHeaders.length; i += 2) {
      framing.note(rawHeaders[i] as string, rawHeaders[i + 1] as string);
    }
    return framing.refusal(method, version);
  }

  #refuse(request: IncomingMessage, response: ServerResponse, refusal: Refusal): void {
    this.refusedRequests++;
    this.#options.onClientError?.(refusalError(refusal), remoteAddress(request.socket));
    answerPlainly(response, refusal.status);
  }

  #rejectConsumed(response: ServerResponse, next: ((error?: unknown) => void) | undefined): void {
    const error = new TroupeError('troupe.body-consumed', bodyConsumed, { side: 'troupe' });
    if (next !== undefined) {
      next(error);
      return;
    }
    this.#options.onFault(error, 'proxy.handler');
    answerPlainly(response, 500);
  }
}

const bodyConsumed =
  "the request's body was read before it came to proxy.handler: use the handler before body parsers " +
  '(express.json() and the like), or not for the same paths';

function versionOf({ httpVersion }: IncomingMessage): '1.0' | '1.1' | undefined {
  return httpVersion === '1.1' || httpVersion === '1.0' ? httpVersion : undefined;
}

/** One line of text, after which the connection is closed. It repeats nothing that the client sent. */
function answerPlainly(response: ServerResponse, status: number): void {
  if (response.headersSent) return;
  const text = `${status} ${STATUS_CODES[status] ?? 'Error'}\n`;
  response.writeHead(status, {
    'Content-Type': 'text/plain',
    'Content-Length': text.length,
    Connection: 'close',
  });
  response.end(text);
}

function ignore(): void {}
