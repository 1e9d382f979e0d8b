/** A varnishd's command line, which varnishd itself connects to (`-M`): a command takes a millisecond, not a process. */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Socket } from 'node:net';

/** Status line of a reply: `200 13      `, varnish-cli(7). */
const HEAD_BYTES = 13;

export interface VarnishCli {
  /** What varnishd is started with. */
  readonly args: readonly string[];
  /** @throws Error with what varnishd says, if the status is not 200 */
  run(command: string): Promise<string>;
  close(): Promise<void>;
}

export async function listenForVarnishd(): Promise<VarnishCli> {
  let socket: Socket | undefined;
  let received = '';
  let wake = () => {};
  const server = createServer((accepted) => {
    socket = accepted;
    accepted.setEncoding('latin1');
    accepted.on('error', () => {});
    accepted.on('data', (text: string) => {
      received += text;
      wake();
    });
    accepted.on('close', () => wake());
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  // It greets whoever it is connected with.
  const greeted = once(server, 'connection').then(reply);
  let turn: Promise<unknown> = greeted;

  async function reply(): Promise<string> {
    for (;;) {
      const length = Number(received.slice(4, HEAD_BYTES - 1));
      const end = HEAD_BYTES + length + 1;
      if (received.length >= HEAD_BYTES && received.length >= end) {
        const status = received.slice(0, 3);
        const text = received.slice(HEAD_BYTES, end - 1);
        received = received.slice(end);
        if (status !== '200') throw new Error(`varnishd: ${status} ${text}`);
        return text;
      }
      if (socket?.destroyed === true) throw new Error('varnishd has closed its command line');
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  }

  return {
    args: ['-M', `127.0.0.1:${port}`, '-S', 'none'],
    run(command) {
      const next = turn.then(() => {
        socket?.write(`${command}\n`);
        return reply();
      });
      turn = next.catch(() => {});
      return next;
    },
    async close() {
      socket?.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}
