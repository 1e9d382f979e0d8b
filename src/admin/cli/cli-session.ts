/**
 * One connection to the command line: first the challenge, then a command at a time, each answered before the next is
 * read. What a client sends while a command runs, or does not fetch, stays with its kernel.
 */
import type { Socket } from 'node:net';
import type { CliCommand } from './cli-command.ts';
import { type CliReply, CliStatus, framed } from './cli-reply.ts';
import type { CliStage } from './cli-stage.ts';
import { CommandReader, type Read } from './command-reader.ts';
import type { CommandTurns } from './command-turns.ts';
import { banner } from './commands/banner.ts';
import { dispatch, syntaxError } from './dispatch.ts';
import { isAnswerTo, newChallenge } from './secret.ts';

/** Milliseconds that a stranger may say nothing, and that anybody may take to fetch a reply. */
const STRANGERS_MS = 30_000;
const STALLED_MS = 60_000;
/**
 * Milliseconds at most that a command is charged for what it does after its turn, such as compiling a program: some of
 * that is waiting.
 */
const MOST_LATER_MS = 20;
/** Milliseconds that a byte takes on its way in: in the kernel, and in node. */
const MS_PER_BYTE = 0.05 / 65_536;

export interface SessionOptions {
  readonly socket: Socket;
  readonly stage: CliStage;
  readonly turns: CommandTurns;
  /** All commands, and those for strangers. */
  readonly commands: ReadonlyMap<string, CliCommand>;
  readonly openCommands: ReadonlyMap<string, CliCommand>;
  /** Reads it, or says why it cannot. undefined: everybody is trusted. */
  readonly secret: (() => Uint8Array | string) | undefined;
  /** It is no stranger: it has shown that it knows the secret; or if there is none, sent a command. */
  readonly onKnown: () => void;
  readonly onClosed: () => void;
  readonly onRefused: () => void;
}

export class CliSession {
  readonly #options: SessionOptions;
  readonly #reader = new CommandReader();
  readonly #challenge: string | undefined;
  readonly #closed: Promise<unknown>;
  #isTrusted: boolean;
  #isKnown = false;
  #isBusy = true;
  #isEnded = false;

  constructor(options: SessionOptions) {
    this.#options = options;
    const { socket, secret } = options;
    this.#isTrusted = secret === undefined;
    this.#challenge = secret === undefined ? undefined : newChallenge();
    socket.setTimeout(this.#isTrusted ? 0 : STRANGERS_MS, () => socket.destroy());
    // A client that goes away is nobody's mistake; 'close' follows.
    socket.on('error', () => {});
    this.#closed = new Promise<void>((resolve) => socket.on('close', resolve));
    socket.on('close', () => {
      this.#isEnded = true;
      options.onClosed();
    });
    socket.on('data', (chunk: Buffer) => this.#take(chunk));
    options.turns.add(() => this.#greet());
  }

  get isTrusted(): boolean {
    return this.#isTrusted;
  }

  /** Cuts it. */
  async destroy(): Promise<void> {
    this.#options.socket.destroy();
    await this.#closed;
  }

  #greet(): void {
    const text = `${this.#challenge}\n\nAuthentication required.\n`;
    this.#answer(
      this.#challenge === undefined ? banner(this.#options.stage) : { status: CliStatus.authenticate, text },
    );
  }

  #take(chunk: Buffer): void {
    const { socket, stage, turns } = this.#options;
    const start = stage.operated.clock.now();
    this.#reader.push(chunk);
    socket.pause();
    if (!this.#isBusy) this.#askForTurn();
    turns.charge(stage.operated.clock.now() - start + chunk.length * MS_PER_BYTE);
  }

  #askForTurn(): void {
    this.#isBusy = true;
    this.#options.turns.add(() => this.#next());
  }

  #next(): void {
    if (this.#isEnded) return;
    const read = this.#reader.next(this.#isTrusted);
    if (read === undefined) {
      this.#isBusy = false;
      this.#options.socket.resume();
      return;
    }
    const replied = this.#replyTo(read);
    if (!(replied instanceof Promise)) {
      this.#conclude(replied);
      return;
    }
    const { stage, turns } = this.#options;
    const start = stage.operated.clock.now();
    void replied.then((reply) => {
      turns.charge(Math.min(MOST_LATER_MS, stage.operated.clock.now() - start));
      this.#conclude(reply);
    });
  }

  #conclude(reply: CliReply): void {
    if (!this.#isKnown && this.#isTrusted && reply.status === CliStatus.ok) {
      this.#isKnown = true;
      this.#options.onKnown();
    }
    this.#answer(reply);
  }

  #replyTo(read: Read): CliReply | Promise<CliReply> {
    if ('mistake' in read) return syntaxError(read.mistake);
    if ('tooLong' in read) {
      return { status: CliStatus.close, text: `A command has ${read.tooLong} bytes at most.\n` };
    }
    const { stage, commands, openCommands } = this.#options;
    const { words } = read;
    if (words[0] === 'auth' && words.length === 2 && words[1] !== '-j')
      return this.#authenticate(words[1] ?? '');
    return dispatch(this.#isTrusted ? commands : openCommands, stage, words);
  }

  #authenticate(answer: string): CliReply {
    const { secret, onRefused, stage, socket } = this.#options;
    if (secret === undefined) return { status: CliStatus.cannot, text: 'Secret file not configured\n' };
    const known = secret();
    if (typeof known === 'string') {
      return { status: CliStatus.cannot, text: `Cannot open secret file (${known})\n` };
    }
    // A challenge is answered once: whoever authenticates again has none to answer.
    if (this.#isTrusted || !isAnswerTo(answer, this.#challenge ?? '', known)) {
      onRefused();
      return { status: CliStatus.close, text: '' };
    }
    this.#isTrusted = true;
    socket.setTimeout(0);
    return banner(stage);
  }

  #answer(reply: CliReply): void {
    if (this.#isEnded) return;
    const { socket, stage } = this.#options;
    const bytes = framed(reply, stage.parameters.number('cli_limit'));
    const isLast =
      reply.status === CliStatus.close ||
      (!this.#isTrusted && reply.status !== CliStatus.ok && reply.status !== CliStatus.authenticate);
    if (isLast) {
      this.#isEnded = true;
      socket.end(bytes);
      // It reads the reply and closes, or it is cut.
      socket.resume();
      socket.setTimeout(1_000, () => socket.destroy());
      return;
    }
    if (socket.write(bytes)) this.#goOn();
    else {
      socket.setTimeout(STALLED_MS);
      socket.once('drain', () => {
        socket.setTimeout(this.#isTrusted ? 0 : STRANGERS_MS);
        this.#goOn();
      });
    }
  }

  #goOn(): void {
    if (this.#reader.hasMore) this.#askForTurn();
    else {
      this.#isBusy = false;
      this.#options.socket.resume();
    }
  }
}
