/**
 * A client without a network: one request, and whatever the proxy answers. It notes each breach of the
 * exchange's contract (a second answer, bytes after the end, anything after the client has gone).
 */
import { Duplex, type DuplexOptions, Readable } from 'node:stream';
import type {
  Exchange,
  ResponseBody,
  ResponseHead,
  Session,
  SocketAddress,
} from '../../src/proxy/http/exchange.ts';
import { Fields } from '../../src/proxy/http/fields.ts';

export interface FakeRequest {
  readonly method?: string;
  readonly target?: string;
  readonly version?: '1.0' | '1.1';
  readonly fields?: readonly string[];
  readonly body?: Readable | string | undefined;
  readonly bodyLength?: number | undefined;
  readonly client?: SocketAddress;
  /** Of the connection; default: none. */
  readonly session?: Session;
}

export interface FakeAnswer {
  readonly status: number;
  readonly reason: string;
  readonly fields: Fields;
  /** Content-Length, as the proxy announced it. */
  readonly length: number | undefined;
  body: string;
  trailers: Fields | undefined;
  state: 'whole' | 'under way' | 'ended' | 'cut';
}

export class FakeExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly version: '1.0' | '1.1';
  readonly fields: Fields;
  readonly bodyLength: number | undefined;
  readonly body: Readable | undefined;
  readonly client: SocketAddress;
  readonly server: SocketAddress = { address: '192.0.2.1', port: 80 };
  readonly listener = 'a0';
  readonly session?: Session;
  readonly receivedAt = 0;
  readonly canSwitch = true;
  onAborted: (() => void) | undefined;
  onFinished: (() => void) | undefined;

  answer: FakeAnswer | undefined;
  /** The client's end of the connection, once it was taken over. */
  connection: FakeDuplex | undefined;
  isAborted = false;
  /** What `write` says: false makes the proxy wait for `drain`. */
  takesMore = true;
  readonly breaches: string[] = [];
  #body: ResponseBody | undefined;

  constructor(request: FakeRequest = {}) {
    const { body } = request;
    if (request.session !== undefined) this.session = request.session;
    this.method = request.method ?? 'GET';
    this.target = request.target ?? '/';
    this.version = request.version ?? '1.1';
    this.fields = new Fields([...(request.fields ?? ['Host', 'example.com'])]);
    this.body = typeof body === 'string' ? Readable.from([Buffer.from(body)]) : body;
    this.bodyLength = request.bodyLength ?? (typeof body === 'string' ? body.length : undefined);
    this.client = request.client ?? { address: '198.51.100.7', port: 40_000 };
  }

  /** Whether the client has got all it will ever get. */
  get isOver(): boolean {
    if (this.isAborted) return true;
    if (this.connection !== undefined) return this.connection.destroyed;
    return this.answer !== undefined && this.answer.state !== 'under way';
  }

  respond(head: ResponseHead, body: Uint8Array | undefined, length?: number): void {
    this.#begin(
      head,
      body?.length ?? length,
      body === undefined ? '' : Buffer.from(body).toString(),
      'whole',
    );
  }

  respondText(head: ResponseHead, body: string): void {
    this.respond(head, Buffer.from(body, 'latin1'));
  }

  begin(head: ResponseHead, length: number | undefined): ResponseBody {
    const answer = this.#begin(head, length, '', 'under way');
    const check = (call: string) => {
      if (this.isAborted) this.breaches.push(`${call} after the client has gone`);
      if (answer.state !== 'under way') this.breaches.push(`${call} after the response was ${answer.state}`);
    };
    this.#body = {
      write: (chunk) => {
        check('write');
        answer.body += Buffer.from(chunk).toString();
        return this.takesMore;
      },
      end: (trailers) => {
        check('end');
        answer.state = 'ended';
        answer.trailers = trailers;
      },
      cut: () => {
        check('cut');
        answer.state = 'cut';
      },
      onDrain: undefined,
    };
    return this.#body;
  }

  takeOver(): Duplex {
    if (this.isAborted) this.breaches.push('takeOver after the client has gone');
    if (this.answer !== undefined) this.breaches.push('takeOver after an answer');
    this.connection = new FakeDuplex();
    return this.connection;
  }

  /** The client goes away. */
  abort(): void {
    if (this.isOver) return;
    this.isAborted = true;
    this.body?.destroy(new Error('the client has gone'));
    this.onAborted?.();
  }

  /** The client has read what was sent. */
  drain(): void {
    this.takesMore = true;
    this.#body?.onDrain?.();
  }

  #begin(
    { status, reason, fields }: ResponseHead,
    length: number | undefined,
    body: string,
    state: FakeAnswer['state'],
  ): FakeAnswer {
    if (this.isAborted) this.breaches.push('an answer after the client has gone');
    if (this.answer !== undefined) this.breaches.push('a second answer');
    if (this.connection !== undefined) this.breaches.push('an answer after takeOver');
    this.answer = { status, reason, fields: fields.clone(), length, body, trailers: undefined, state };
    return this.answer;
  }
}

/** A connection: what the proxy writes is kept, and the test says what comes. */
export class FakeDuplex extends Duplex {
  written = '';
  hasEnded = false;

  constructor(options: DuplexOptions = {}) {
    super({ allowHalfOpen: true, ...options });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.written += chunk.toString('latin1');
    done();
  }

  override _final(done: () => void): void {
    this.hasEnded = true;
    done();
  }
}
