/**
 * The way out of a connection. What is written within one turn is gathered and goes out in one write, because
 * a write to a socket costs more than everything else about a small response.
 */
import type { Socket } from 'node:net';
import type { TurnEnd } from './turn-end.ts';

/** Bytes from which gathering gains nothing any more. */
const gatherBytes = 16 * 1024;
/** Bytes up to which a body is copied behind its head: beyond, the memory for that costs more than a write of both. */
const copyMessageBytes = 16 * 1024;
/** Bytes up to which pieces are copied together; beyond, they are handed over as they are (writev). */
const copyBytes = 64 * 1024;

export class Outbox {
  readonly #socket: Socket;
  readonly #turnEnd: TurnEnd;
  /** Text that follows the pieces. */
  #text = '';
  #pieces: (string | Uint8Array)[] = [];
  /** Bytes gathered, text included. */
  #bytes = 0;
  #isFlushDue = false;

  constructor(socket: Socket, turnEnd: TurnEnd) {
    this.#socket = socket;
    this.#turnEnd = turnEnd;
  }

  /**
   * Whether a writer should wait: the socket will tell when it has room. One that cannot be written to any
   * more counts as full, or else a writer could loop before the loop gets to say that the client has gone.
   */
  get isFull(): boolean {
    return this.#socket.writableNeedDrain || !this.#socket.writable;
  }

  /** Adds latin1 text. */
  addText(text: string): void {
    this.#text += text;
    this.#bytes += text.length;
  }

  /** Adds bytes, which must not be changed afterwards. */
  addBytes(bytes: Uint8Array): void {
    if (this.#text !== '') {
      this.#pieces.push(this.#text);
      this.#text = '';
    }
    this.#pieces.push(bytes);
    this.#bytes += bytes.length;
  }

  /** Sends what was gathered when it is much, or else at the end of this turn. */
  flushSoon(): void {
    if (this.#bytes >= gatherBytes) {
      this.flush();
    } else if (!this.#isFlushDue) {
      this.#isFlushDue = true;
      this.#turnEnd.add(this);
    }
  }

  /** Called at the end of the turn. */
  flushDue(): void {
    this.#isFlushDue = false;
    this.flush();
  }

  /** Sends what was gathered. */
  flush(): void {
    if (this.#bytes === 0) return;
    const socket = this.#socket;
    const pieces = this.#pieces;
    const text = this.#text;
    const bytes = this.#bytes;
    this.#text = '';
    this.#bytes = 0;
    if (pieces.length === 0) {
      if (socket.writable) socket.write(text, 'latin1');
      return;
    }
    this.#pieces = [];
    if (!socket.writable) return;
    if (text !== '') pieces.push(text);
    if (bytes <= copyBytes) {
      socket.write(gathered(pieces, bytes));
      return;
    }
    socket.cork();
    for (const piece of pieces) {
      if (typeof piece === 'string') socket.write(piece, 'latin1');
      else socket.write(piece);
    }
    socket.uncork();
  }

  /** Sends a whole message of latin1 text. Nothing may have been gathered before. */
  sendText(message: string): void {
    if (this.#socket.writable) this.#socket.write(message, 'latin1');
  }

  /** Sends a whole message. Nothing may have been gathered before. */
  send(text: string, body: Uint8Array): void {
    const socket = this.#socket;
    if (body.length > copyMessageBytes) {
      if (!socket.writable) return;
      socket.cork();
      socket.write(text, 'latin1');
      socket.write(body);
      socket.uncork();
      return;
    }
    const message = Buffer.allocUnsafe(text.length + body.length);
    message.write(text, 0, 'latin1');
    message.set(body, text.length);
    if (socket.writable) socket.write(message);
  }
}

function gathered(pieces: readonly (string | Uint8Array)[], bytes: number): Buffer {
  const whole = Buffer.allocUnsafe(bytes);
  let at = 0;
  for (const piece of pieces) {
    if (typeof piece === 'string') whole.write(piece, at, 'latin1');
    else whole.set(piece, at);
    at += piece.length;
  }
  return whole;
}
