/**
 * The last events, as they are sent, so that a reader whose connection broke can go on where it was. Bounded in
 * number and in characters; ids begin anew with each dashboard, and say so.
 */

export interface LoggedEvent {
  readonly number: number;
  readonly type: string;
  /** As it goes over the wire (HTML, section 9.2, "Server-sent events"). */
  readonly text: string;
}

const MOST_EVENTS = 1_024;
/** Characters; a failed request's story may have thousands. */
const MOST_CHARACTERS = 1_048_576;

export class EventLog {
  readonly #epoch: string;
  readonly #events: LoggedEvent[] = [];
  #characters = 0;
  #last = 0;

  /** @param epoch tells the ids of this log from those of another */
  constructor(epoch: string) {
    this.#epoch = epoch;
  }

  /** @param data what is sent as JSON */
  add(type: string, data: unknown): LoggedEvent {
    const number = ++this.#last;
    const text = `id: ${this.#epoch}-${number}\nevent: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
    const event = { number, type, text };
    this.#events.push(event);
    this.#characters += text.length;
    while (this.#events.length > MOST_EVENTS || this.#characters > MOST_CHARACTERS) {
      this.#characters -= this.#events.shift()?.text.length ?? 0;
    }
    return event;
  }

  /** Number of the latest event. */
  get last(): number {
    return this.#last;
  }

  /**
   * What came after an id.
   *
   * @returns undefined: that is too long ago, or of another log
   */
  after(id: string): readonly LoggedEvent[] | undefined {
    const match = /^([a-z0-9]+)-(\d{1,15})$/.exec(id);
    if (match?.[1] !== this.#epoch) return undefined;
    const number = Number(match[2]);
    const first = this.#events[0]?.number ?? this.#last + 1;
    if (number > this.#last || number + 1 < first) return undefined;
    return this.#events.slice(number + 1 - first);
  }
}
