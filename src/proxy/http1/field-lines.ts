/**
 * The fields of a head, from where a parser has found their names to strings. What it found must tile the
 * text exactly, line by line, so that nothing it might overlook can hide between them.
 */
import { type Fault, malformed, tooLarge } from './fault.ts';
import { trimmedSlice } from './white-space.ts';

const CR = 0x0d;
const LF = 0x0a;
const COLON = 0x3a;

/** What one peer may send. */
export interface FieldLimits {
  /** Bytes in one header line. */
  readonly fieldBytes: number;
  /** Number of header fields. */
  readonly fieldCount: number;
}

/** Whoever wants to look at each field as it is taken. */
export interface FieldReader {
  note(name: string, value: string): void;
}

export class FieldLines {
  count = 0;
  /** Start and end of each name, as far as `count` says. Kept from head to head. */
  readonly #names: number[] = [];
  readonly #limits: FieldLimits;

  constructor(limits: FieldLimits) {
    this.#limits = limits;
  }

  /**
   * A name, or the rest of one, was found.
   *
   * @param start offset in the text that `take` will be given
   * @returns whether there may be as many
   */
  add(start: number, end: number): boolean {
    const names = this.#names;
    const last = this.count * 2 - 2;
    // A name that goes on where a piece of input ended; between two names there is a colon at least.
    if (last >= 0 && names[last + 1] === start) {
      names[last + 1] = end;
      return true;
    }
    if (this.count === this.#limits.fieldCount) return false;
    names[last + 2] = start;
    names[last + 3] = end;
    this.count++;
    return true;
  }

  tooMany(): Fault {
    return tooLarge(`more than ${this.#limits.fieldCount} header fields`);
  }

  /**
   * Takes the names and values out of a head that has been read to its end.
   *
   * @param start offset of the first field's line
   * @returns name, value, name, value, ...
   */
  take(text: string, start: number, reader: FieldReader): string[] | Fault {
    const names = this.#names;
    const count = this.count * 2;
    const raw = new Array<string>(count);
    let line = start;
    for (let i = 0; i < count; i += 2) {
      const colon = names[i + 1] as number;
      const next = i + 2 < count ? (names[i + 2] as number) : text.length - 2;
      if (names[i] !== line || text.charCodeAt(colon) !== COLON || !endsLine(text, next)) {
        return malformed('a header line that is no name, colon and value');
      }
      if (next - line > this.#limits.fieldBytes) {
        return tooLarge(`a header line of more than ${this.#limits.fieldBytes} bytes`);
      }
      const name = text.slice(line, colon);
      const value = trimmedSlice(text, colon + 1, next - 2);
      raw[i] = name;
      raw[i + 1] = value;
      reader.note(name, value);
      line = next;
    }
    return line === text.length - 2 && endsLine(text, text.length) ? raw : malformed('a head without an end');
  }
}

/** Whether a CR LF ends right before an offset. */
function endsLine(text: string, offset: number): boolean {
  return text.charCodeAt(offset - 2) === CR && text.charCodeAt(offset - 1) === LF;
}
