/**
 * An origin that does with each connection exactly what a test says: it speaks bytes, so it can lie.
 */
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { identityOf } from '../../src/identity.ts';
import type { FetchTarget } from '../../src/proxy/fetch/transport.ts';

export interface RawConnection {
  readonly socket: Socket;
  /** All that has come so far, as latin1. */
  readonly received: () => string;
  /** Resolves with the next request's head, and the body as far as it has come. */
  readonly request: () => Promise<string>;
  /** Resolves with what follows the last request's head, as soon as `length` knows how much of it that is. */
  readonly take: (length: (rest: string) => number | undefined) => Promise<string>;
  readonly closed: Promise<void>;
}

export interface RawOrigin {
  readonly port: number;
  readonly target: FetchTarget;
  /** Connections accepted so far. */
  readonly accepted: () => number;
  /** Connections open now. */
  readonly open: () => number;
  readonly sockets: ReadonlySet<Socket>;
  /** Resolves when no connection is open. */
  readonly idle: () => Promise<void>;
  readonly close: () => Promise<void>;
}

/**
 * @param serve called for each connection, with its number, from 1
 */
export async function rawOrigin(
  serve: (connection: RawConnection, number: number) => void | Promise<void>,
  host = '127.0.0.1',
): Promise<RawOrigin> {
  let accepted = 0;
  const sockets = new Set<Socket>();
  const idlers: (() => void)[] = [];
  const server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => {
    accepted++;
    sockets.add(socket);
    let text = '';
    let taken = 0;
    let wake: (() => void) | undefined;
    socket.on('data', (chunk: Buffer) => {
      text += chunk.toString('latin1');
      wake?.();
    });
    socket.on('end', () => socket.end());
    socket.on('error', () => {});
    const closed = new Promise<void>((resolve) => {
      socket.on('close', () => {
        sockets.delete(socket);
        resolve();
        if (sockets.size === 0) for (const idle of idlers.splice(0)) idle();
      });
    });
    const request = async (): Promise<string> => {
      while (text.indexOf('\r\n\r\n', taken) < 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      const head = text.slice(taken);
      taken = text.indexOf('\r\n\r\n', taken) + 4;
      return head;
    };
    const take = async (length: (rest: string) => number | undefined): Promise<string> => {
      for (;;) {
        const taking = length(text.slice(taken));
        if (taking !== undefined) {
          taken += taking;
          return text.slice(taken - taking, taken);
        }
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
    };
    void serve({ socket, received: () => text, request, take, closed }, accepted);
  });
  server.listen(0, host);
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  const addresses =
    host === '::1'
      ? ({ kind: 'tcp', ipv6: '::1', port } as const)
      : ({ kind: 'tcp', ipv4: host, port } as const);
  return {
    port,
    target: { identity: identityOf('b1', addresses), addresses },
    accepted: () => accepted,
    open: () => sockets.size,
    sockets,
    idle: () => (sockets.size === 0 ? Promise.resolve() : new Promise((resolve) => idlers.push(resolve))),
    close: async () => {
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
