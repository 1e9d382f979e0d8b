/** The other end of the command line: connects, proves that it knows the secret, sends commands and reads replies. */
import { connect, type Socket } from 'node:net';
import { answerTo } from '../admin/cli/secret.ts';

export interface Reply {
  readonly status: number;
  readonly text: string;
}

/** Bytes of the line in front of each reply. */
const HEAD_BYTES = 13;
const AUTHENTICATE = 107;
const OK = 200;
/** The banner is longer than cli_limit. */
const TRUNCATED = 201;

export class CommandClient {
  readonly #socket: Socket;
  #received = Buffer.alloc(0);
  #waiting: { resolve: (reply: Reply) => void; reject: (error: Error) => void } | undefined;
  #error: Error | undefined;

  private constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (chunk: Buffer) => {
      this.#received = Buffer.concat([this.#received, chunk]);
      this.#tell();
    });
    socket.on('error', (error) => this.#fail(error));
    socket.on('close', () => this.#fail(new Error('the connection was closed')));
  }

  /**
   * Connects and authenticates.
   *
   * @param secret called when one is asked for
   * @throws Error a sentence that says what failed
   */
  static async open(
    where: { readonly host: string; readonly port: number },
    secret: () => Uint8Array,
  ): Promise<CommandClient> {
    const client = new CommandClient(connect(where));
    const greeting = await client.#reply();
    if (greeting.status === AUTHENTICATE) {
      const challenge = greeting.text.slice(0, greeting.text.indexOf('\n'));
      const { status, text } = await client.send(`auth ${answerTo(challenge, secret())}`);
      if (status !== OK && status !== TRUNCATED) throw new Error(`Rejected: ${status} ${text}`.trim());
    } else if (greeting.status !== OK && greeting.status !== TRUNCATED) {
      throw new Error(`Rejected: ${greeting.status} ${greeting.text}`.trim());
    }
    return client;
  }

  /** Sends one command and waits for its reply; not to be called again before that. */
  send(command: string): Promise<Reply> {
    this.#socket.write(`${command}\n`);
    return this.#reply();
  }

  close(): void {
    this.#socket.destroy();
  }

  #reply(): Promise<Reply> {
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      if (this.#error !== undefined) this.#fail(this.#error);
      else this.#tell();
    });
  }

  #tell(): void {
    const received = this.#received;
    if (this.#waiting === undefined || received.length < HEAD_BYTES) return;
    const head = /^(\d{3}) (\d+) *\n$/.exec(received.toString('latin1', 0, HEAD_BYTES));
    if (head === null) {
      this.#fail(new Error('what answers there is no command line'));
      return;
    }
    const end = HEAD_BYTES + Number(head[2]);
    if (received.length <= end) return;
    const { resolve } = this.#waiting;
    this.#waiting = undefined;
    this.#received = received.subarray(end + 1);
    resolve({ status: Number(head[1]), text: received.toString('utf8', HEAD_BYTES, end) });
  }

  #fail(error: Error): void {
    this.#error ??= error;
    this.#waiting?.reject(this.#error);
    this.#waiting = undefined;
  }
}
