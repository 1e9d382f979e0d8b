/**
 * Those who did not know the secret, as they are told to whoever keeps the log: each of a few at once, of many a line
 * a second with their number. So a wrong password is seen, and guessing for hours fills no disk.
 */
import type { Clock } from '../../clock.ts';
import type { SocketAddress } from '../../proxy/http/exchange.ts';

/** Lines that may come at once, after a while of quiet. */
const AT_ONCE = 10;
const MS_PER_LINE = 1_000;

/** @param count how many it tells of; `client` is the last of them */
export type TellRefused = (client: SocketAddress, count: number) => void;

export class Refusals {
  readonly #clock: Clock;
  readonly #tell: TellRefused;
  #left = AT_ONCE;
  #countedAt: number;
  #untold = 0;
  #last: SocketAddress | undefined;
  #cancel: (() => void) | undefined;

  constructor(clock: Clock, tell: TellRefused) {
    this.#clock = clock;
    this.#tell = tell;
    this.#countedAt = clock.now();
  }

  add(client: SocketAddress): void {
    this.#untold++;
    this.#last = client;
    if (this.#cancel !== undefined) return;
    const now = this.#clock.now();
    this.#left = Math.min(AT_ONCE, this.#left + (now - this.#countedAt) / MS_PER_LINE);
    this.#countedAt = now;
    if (this.#left >= 1) this.#tellAll();
    else this.#cancel = this.#clock.after((1 - this.#left) * MS_PER_LINE, () => this.#tellLate());
  }

  /** Tells what is still untold. */
  close(): void {
    this.#cancel?.();
    this.#cancel = undefined;
    this.#tellAll();
  }

  #tellLate(): void {
    this.#cancel = undefined;
    this.#left = 1;
    this.#countedAt = this.#clock.now();
    this.#tellAll();
  }

  #tellAll(): void {
    if (this.#last === undefined) return;
    this.#left--;
    this.#tell(this.#last, this.#untold);
    this.#untold = 0;
    this.#last = undefined;
  }
}
