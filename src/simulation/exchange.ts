/** A simulated client's request, and the answer that it gets: what a listener would hand to the proxy. */
import { Duplex, Readable } from 'node:stream';
import type { Exchange, ResponseBody, ResponseHead, SocketAddress } from '../proxy/http/exchange.ts';
import { Fields } from '../proxy/http/fields.ts';

export interface SimulatedRequest {
  readonly method: string;
  readonly url: string;
  /** name, value, name, value, ... */
  readonly fields: readonly string[];
  readonly body?: string | undefined;
  /** IP address. */
  readonly client: string;
}

/** What a client got. `none`: nothing yet. */
export type AnswerState = 'none' | 'under way' | 'whole' | 'cut' | 'tunnel';

export class SimulatedExchange implements Exchange {
  readonly method: string;
  readonly target: string;
  readonly version = '1.1';
  readonly fields: Fields;
  readonly bodyLength: number | undefined;
  readonly body: Readable | undefined;
  readonly client: SocketAddress;
  readonly server: SocketAddress = { address: '192.0.2.1', port: 80 };
  readonly receivedAt: number;
  readonly canSwitch = false;
  onAborted: (() => void) | undefined;
  onFinished: (() => void) | undefined;

  state: AnswerState = 'none';
  status = 0;
  /** Of the answer, as text. */
  content = '';
  age: string | undefined;
  /** Called when the proxy looks at what a report of the request says, which it does when it makes one. */
  onReport: (() => void) | undefined;
  /** Called once when the client has got all that it will get. */
  onOver: (() => void) | undefined;

  constructor(request: SimulatedRequest, receivedAt: number) {
    const { body } = request;
    this.method = request.method;
    this.target = request.url;
    this.fields = new Fields([...request.fields], true);
    this.body = body === undefined ? undefined : Readable.from([Buffer.from(body)]);
    this.bodyLength = body?.length;
    this.client = { address: request.client, port: 40_000 };
    this.receivedAt = receivedAt;
    this.onAborted = undefined;
    this.onFinished = undefined;
  }

  get listener(): string {
    this.onReport?.();
    return 'a0';
  }

  respond(head: ResponseHead, body: Uint8Array | undefined): void {
    this.#begin(head);
    this.#add(body);
    this.#over('whole');
  }

  begin(head: ResponseHead): ResponseBody {
    this.#begin(head);
    return {
      write: (chunk) => {
        this.#add(chunk);
        return true;
      },
      end: () => this.#over('whole'),
      cut: () => this.#over('cut'),
      onDrain: undefined,
    };
  }

  takeOver(): Duplex {
    const connection = new Duplex({
      read() {},
      write(_chunk, _encoding, done) {
        done();
      },
      final(done) {
        this.push(null);
        done();
      },
    });
    connection.push(`${this.method} ${this.target} HTTP/1.1\r\n\r\n`);
    connection.once('close', () => this.#over('tunnel'));
    return connection;
  }

  /** The client goes away. */
  abort(): void {
    if (this.isOver) return;
    this.state = 'cut';
    this.body?.destroy(new Error('the client has gone'));
    this.onAborted?.();
    this.onOver?.();
  }

  get isOver(): boolean {
    return this.state !== 'none' && this.state !== 'under way';
  }

  #begin({ status, fields }: ResponseHead): void {
    this.state = 'under way';
    this.status = status;
    this.age = fields.get('Age');
  }

  #add(chunk: Uint8Array | undefined): void {
    // Only the first bytes tell where a body comes from.
    if (chunk !== undefined && this.content.length < KEPT) {
      this.content += Buffer.from(chunk).toString('latin1', 0, KEPT - this.content.length);
    }
  }

  #over(state: AnswerState): void {
    if (this.isOver) return;
    this.state = state;
    this.onOver?.();
  }
}

/** Characters of an answer that are kept. */
const KEPT = 200;
