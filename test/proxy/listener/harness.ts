/** A listener on a free port and clients that speak to it in raw bytes. */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { onTestFinished } from 'vitest';
import type { Clock } from '../../../src/clock.ts';
import type { TroupeError } from '../../../src/errors.ts';
import type { Exchange, ExchangeHandler } from '../../../src/proxy/http/exchange.ts';
import { Fields } from '../../../src/proxy/http/fields.ts';
import { createListener, type Listener } from '../../../src/proxy/listener/listener.ts';
import type { ListenerLimits } from '../../../src/proxy/listener/listener-limits.ts';
import { createSystemClock } from '../../../src/proxy/system-clock.ts';

export interface Served {
  readonly listener: Listener;
  readonly port: number;
  /** What was reported of clients. */
  readonly errors: TroupeError[];
}

/** Serves until the test has finished, and then makes sure that nothing is left. */
export async function serve(
  handler: ExchangeHandler,
  limits: Partial<ListenerLimits> = {},
  clock: Clock = createSystemClock(),
  proxyProtocol = false,
): Promise<Served> {
  const errors: TroupeError[] = [];
  const listener = createListener({
    handler,
    clock,
    name: 'a0',
    limits,
    onClientError: (error) => errors.push(error),
  });
  const { port } = await listener.listen({ host: '127.0.0.1', port: 0, proxyProtocol });
  onTestFinished(async () => {
    listener.destroy();
    await listener.close();
  });
  return { listener, port, errors };
}

export class RawClient {
  readonly socket: Socket;
  received = '';
  /** 'end' (an orderly end), 'reset', or undefined while it is open. */
  ended: 'end' | 'reset' | undefined;
  #changed: (() => void)[] = [];

  private constructor(socket: Socket) {
    this.socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.received += chunk.toString('latin1');
      this.#tell();
    });
    socket.on('end', () => this.#end('end'));
    socket.on('error', () => this.#end('reset'));
    socket.on('close', () => this.#end('end'));
  }

  static async connect(port: number): Promise<RawClient> {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen: true, noDelay: true });
    const client = new RawClient(socket);
    onTestFinished(() => {
      socket.destroy();
    });
    await once(socket, 'connect');
    return client;
  }

  /** Sends latin1 text. */
  send(text: string): void {
    this.socket.write(text, 'latin1');
  }

  /** Resolves with everything received when it contains what is looked for. */
  async until(found: string | RegExp | ((received: string) => boolean)): Promise<string> {
    const isThere = () => {
      if (typeof found === 'string') return this.received.includes(found);
      return found instanceof RegExp ? found.test(this.received) : found(this.received);
    };
    while (!isThere()) {
      if (this.ended !== undefined) throw new Error(`ended before ${String(found)}: ${this.received}`);
      await this.#change();
    }
    return this.received;
  }

  /** Resolves with everything received when the server has ended its side. */
  async untilEnd(): Promise<string> {
    while (this.ended === undefined) await this.#change();
    return this.received;
  }

  #change(): Promise<void> {
    return new Promise((resolve) => this.#changed.push(resolve));
  }

  #end(how: 'end' | 'reset'): void {
    this.ended ??= how;
    this.#tell();
  }

  #tell(): void {
    const changed = this.#changed;
    this.#changed = [];
    for (const resolve of changed) resolve();
  }
}

/** Lets the event loop turn until something holds. */
export async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}

export function ok(body: string, ...fields: string[]): Parameters<Exchange['respond']> {
  return [{ status: 200, reason: 'OK', fields: new Fields(fields) }, Buffer.from(body, 'latin1')];
}

/** Answers with what it understood of a request, once the request has been read to its end. */
export const describe200: ExchangeHandler = (exchange) => {
  const { body } = exchange;
  if (body === undefined) {
    exchange.respond(...ok(`${exchange.method} ${exchange.target} -`));
    return;
  }
  let text = '';
  body.on('data', (chunk: Buffer) => {
    text += chunk.toString('latin1');
  });
  body.on('end', () => exchange.respond(...ok(`${exchange.method} ${exchange.target} ${text}`)));
};
