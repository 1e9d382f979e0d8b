/**
 * A connection from a proxy in front, until it has said on whose behalf it comes: then it is the client's.
 *
 *   waiting --(header read)--> welcome        waiting --(garbage, end, too late)--> gone
 */
import type { Socket } from 'node:net';
import type { SocketAddress } from '../http/exchange.ts';
import { INCOMPLETE } from '../http1/outcome.ts';
import { type ProxiedAddresses, readPreamble } from './proxy-preamble.ts';
import { remoteAddress } from './socket-address.ts';

/** The listener, as such a connection uses it. */
export interface AnnouncedOwner {
  /** The socket is the owner's again. @param rest what has come behind the header */
  announced(one: AnnouncedSocket, addresses: ProxiedAddresses | undefined, rest: Buffer): void;
  /** It is closed. @param mistake a phrase; undefined: it has just gone */
  notAnnounced(one: AnnouncedSocket, mistake: string | undefined): void;
}

export class AnnouncedSocket {
  readonly socket: Socket;
  readonly #owner: AnnouncedOwner;
  /** Milliseconds of the clock until which it may wait. */
  readonly #until: number;
  #received: Buffer | undefined;

  constructor(owner: AnnouncedOwner, socket: Socket, until: number) {
    this.socket = socket;
    this.#owner = owner;
    this.#until = until;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
  }

  get client(): SocketAddress {
    return remoteAddress(this.socket);
  }

  checkTime(now: number): void {
    if (now >= this.#until) this.#refuse('its PROXY header has not come in time');
  }

  /** Closes it; the owner is told that it has gone. */
  destroy(): void {
    this.socket.destroy();
  }

  readonly #onData = (chunk: Buffer): void => {
    const bytes = this.#received === undefined ? chunk : Buffer.concat([this.#received, chunk]);
    const read = readPreamble(bytes);
    if (read === INCOMPLETE) {
      this.#received = bytes;
    } else if (typeof read === 'string') {
      this.#refuse(read);
    } else {
      this.#leave();
      this.#owner.announced(this, read.addresses, bytes.subarray(read.length));
    }
  };

  readonly #onEnd = (): void => this.destroy();

  readonly #onClose = (): void => {
    this.#leave();
    this.#owner.notAnnounced(this, undefined);
  };

  /** Without a word: who does not speak the protocol would not understand any, and may be no client of HTTP. */
  #refuse(mistake: string): void {
    this.#leave();
    this.socket.on('error', ignore);
    // First, because its address goes with it.
    this.#owner.notAnnounced(this, mistake);
    this.socket.destroy();
  }

  #leave(): void {
    this.socket.off('data', this.#onData);
    this.socket.off('end', this.#onEnd);
    this.socket.off('error', ignore);
    this.socket.off('close', this.#onClose);
  }
}

function ignore(): void {}
