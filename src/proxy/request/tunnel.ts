/**
 * A tunnel: two connections joined, after a pipe or an upgrade. What one sends the other receives, at the pace of
 * the slower one; the end of one direction leaves the other open.
 *
 *   open --(both directions have ended)--> over
 *   open --(one side is reset, silence, cut)--> breaking --(both have closed)--> over
 *
 * Owns both connections. It listens to their errors until they are garbage: a reset that comes late must find
 * somebody, or it would end the process. What breaks a tunnel off reaches both sides as a reset, because its
 * orderly end may be all that tells them that nothing is missing.
 *
 * Cost: a piece is a write, two additions and a link moved; no timer.
 */
import type { Duplex } from 'node:stream';
import { type SilenceWatch, Watched } from '../fetch/silence-watch.ts';
import { resetConnection } from '../reset-connection.ts';
import type { BackendRecord } from './backend-record.ts';

/**
 * Why a tunnel has ended: who ended its side first, where both have ended in good order; who was reset; no byte
 * from either side for `pipe_timeout`; or Troupe, at the end of `drain_timeout`.
 */
export type TunnelEnd =
  | 'client-closed'
  | 'client-reset'
  | 'backend-closed'
  | 'backend-reset'
  | 'silent'
  | 'cut';

type Side = 'client' | 'backend';

interface TunnelOptions {
  readonly client: Duplex;
  readonly backend: Duplex;
  /** Counts the bytes while they pass. */
  readonly record: BackendRecord;
  readonly silence: SilenceWatch;
  /** Milliseconds without a byte from either side after which it ends. */
  readonly timeoutMs: number;
  /** Called once, later, when both connections have closed. */
  readonly ended: () => void;
}

export class Tunnel extends Watched {
  bytesToClient = 0;
  bytesFromClient = 0;
  /** undefined while nobody has ended anything. */
  end: TunnelEnd | undefined;
  readonly #client: Duplex;
  readonly #backend: Duplex;
  readonly #silence: SilenceWatch;
  readonly #timeoutMs: number;
  readonly #ended: () => void;
  #open = 2;
  #isBreaking = false;

  constructor({ client, backend, record, silence, timeoutMs, ended }: TunnelOptions) {
    super();
    this.#client = client;
    this.#backend = backend;
    this.#silence = silence;
    this.#timeoutMs = timeoutMs;
    this.#ended = ended;
    this.#watchEnd(client, 'client');
    this.#watchEnd(backend, 'backend');
    this.#carry(client, backend, (bytes) => {
      this.bytesFromClient += bytes;
      record.bytesSent += bytes;
    });
    this.#carry(backend, client, (bytes) => {
      this.bytesToClient += bytes;
      record.bytesReceived += bytes;
    });
    silence.watch(this, timeoutMs);
  }

  /** Ends it now. */
  cut(): void {
    this.#break('cut');
  }

  onSilent(): void {
    const { since } = this;
    // Timers come before sockets in the event loop: if this process was too slow for the limit, what it waits
    // for may be there to be read, and gets its turn first.
    setImmediate(() => {
      if (this.#open > 0 && this.since === since) this.#break('silent');
    });
  }

  #carry(from: Duplex, to: Duplex, count: (bytes: number) => void): void {
    from.on('data', (chunk: Buffer) => {
      count(chunk.length);
      this.#live();
      if (!to.write(chunk)) from.pause();
    });
    from.on('end', () => {
      this.#live();
      to.end();
    });
    // Taking is a sign of life, too: who takes slowly is not silent.
    to.on('drain', () => {
      this.#live();
      from.resume();
    });
  }

  #live(): void {
    if (!this.#isBreaking) this.#silence.watch(this, this.#timeoutMs);
  }

  #watchEnd(connection: Duplex, side: Side): void {
    connection.on('error', () => this.#break(`${side}-reset`));
    connection.on('end', () => {
      this.end ??= `${side}-closed`;
    });
    connection.once('close', () => {
      // In order, it has sent its last byte and taken ours. Else it was destroyed, before it came here perhaps: by
      // an error, or by whoever it came from.
      const isWhole = connection.readableEnded && connection.writableFinished;
      if (!isWhole) this.#break(connection.errored === null ? 'cut' : `${side}-reset`);
      this.#open--;
      if (this.#open > 0) return;
      this.#silence.forget(this);
      this.#ended();
    });
  }

  #break(end: TunnelEnd): void {
    if (this.#isBreaking || this.#open === 0) return;
    this.#isBreaking = true;
    this.end = end;
    this.#silence.forget(this);
    resetConnection(this.#client);
    resetConnection(this.#backend);
  }
}
