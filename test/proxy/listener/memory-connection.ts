/** A connection without a network: pieces of input go in exactly as they were cut. */
import type { Socket } from 'node:net';
import { Duplex } from 'node:stream';
import type { TroupeError } from '../../../src/errors.ts';
import type { Exchange } from '../../../src/proxy/http/exchange.ts';
import { Connection } from '../../../src/proxy/listener/connection.ts';
import { defaultLimits } from '../../../src/proxy/listener/listener-limits.ts';
import { TurnEnd } from '../../../src/proxy/listener/turn-end.ts';
import { SimulatedClock } from '../../../src/streams/simulated-clock.ts';
import { describe200 } from './harness.ts';

class MemorySocket extends Duplex {
  output = '';
  bytesWritten = 0;

  constructor() {
    super({ allowHalfOpen: true, highWaterMark: 64 * 1024 });
  }

  override _read(): void {}

  override _write(chunk: Buffer, _: BufferEncoding, done: () => void): void {
    this.output += chunk.toString('latin1');
    this.bytesWritten += chunk.length;
    done();
  }

  resetAndDestroy(): void {
    this.destroy();
  }
}

/** What was understood of one request. */
export interface Understood {
  readonly method: string;
  readonly target: string;
  readonly version: string;
  readonly fields: readonly string[];
  /** undefined: it was not received to its end. */
  body: string | undefined;
  trailers: readonly string[];
}

export interface Conversation {
  readonly requests: Understood[];
  readonly errors: TroupeError[];
  readonly output: string;
  readonly aborts: number;
  readonly ends: number;
}

/** Sends pieces, then the end, and resolves when the connection has closed. */
export async function converse(pieces: readonly Buffer[]): Promise<Conversation> {
  const requests: Understood[] = [];
  const errors: TroupeError[] = [];
  let aborts = 0;
  let ends = 0;
  const socket = new MemorySocket();
  const handler = (exchange: Exchange) => {
    const { method, target, version, body, fields } = exchange;
    const hasBody = body !== undefined;
    const one: Understood = {
      method,
      target,
      version,
      fields: [...fields.raw],
      body: hasBody ? undefined : '',
      trailers: [],
    };
    requests.push(one);
    let text = '';
    body?.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
    });
    body?.on('end', () => {
      one.body = text;
      one.trailers = exchange.trailers?.raw ?? [];
    });
    exchange.onAborted = () => aborts++;
    exchange.onFinished = () => ends++;
    describe200(exchange);
  };
  const closed = new Promise<void>((resolve) => {
    new Connection(
      {
        handler,
        clock: new SimulatedClock(),
        name: 'a0',
        limits: defaultLimits,
        turnEnd: new TurnEnd(),
        isClosing: false,
        refusedRequests: 0,
        onClientError: (error) => errors.push(error),
        connectionGone: () => resolve(),
      },
      socket as unknown as Socket,
    );
  });
  // A connection begins to flow in the next tick.
  await new Promise((resolve) => setImmediate(resolve));
  for (const piece of pieces) {
    // A copy: bodies are moved together in place.
    if (piece.length > 0) socket.push(Buffer.from(piece));
  }
  socket.push(null);
  await closed;
  return { requests, errors, output: socket.output, aborts, ends };
}
