/**
 * Reads the heads of answers, one after the other, from input in pieces of any size. What comes before the
 * final answer's first line is answer-start.ts's; the fields are found by llhttp and taken out of one string.
 *
 * Cost: 1.5 µs for a head of 8 fields.
 */
import { Fields } from '../http/fields.ts';
import { FieldLines } from '../http1/field-lines.ts';
import { type MessageParser, MORE, PAUSED, type ParserEvents, STOP, windowBytes } from '../http1/llhttp.ts';
import { INCOMPLETE, REFUSED } from '../http1/outcome.ts';
import { AnswerFraming } from './answer-framing.ts';
import { AnswerStart } from './answer-start.ts';

/** Bytes of an answer's head. varnishd's http_resp_hdr_len and http_resp_size are 8 and 32 KB. */
export const MAX_HEAD_BYTES = 64 * 1024;

/** Length of `HTTP/1.1 200`. */
const STATUS_END = 12;

export class AnswerHead implements ParserEvents {
  // Of the last head that was read to its end.
  status = 0;
  reason = '';
  fields = new Fields();
  readonly framing = new AnswerFraming();
  /** The buffer that `read`'s outcome counts in: what it was given, or with what had been held back before. */
  rest: Buffer = Buffer.alloc(0);
  /** Why `read` gave REFUSED: a phrase about the answer. */
  mistake = '';

  readonly #parser: MessageParser;
  readonly #start = new AnswerStart();
  readonly #lines = new FieldLines({ fieldBytes: MAX_HEAD_BYTES, fieldCount: MAX_HEAD_BYTES });
  #isStarted = false;
  /** The head so far; all offsets of fields count in it. */
  #text = '';
  /** From an offset of the parser's to one in the text. */
  #shift = 0;

  constructor(parser: MessageParser) {
    this.#parser = parser;
  }

  /** Whether the answer is HTTP/1.0, where connections end unless told otherwise. */
  get isHttp10(): boolean {
    return this.#start.isHttp10;
  }

  /** @param maySwitch whether the request has offered other protocols, so that a 101 is an answer */
  begin(maySwitch: boolean): void {
    this.#start.begin(maySwitch);
    this.#isStarted = false;
    this.#text = '';
  }

  /** @returns the offset in `rest` right after the head, INCOMPLETE or REFUSED; after the latter nothing may follow */
  read(chunk: Buffer): number {
    let bytes = chunk;
    if (!this.#isStarted) {
      const admitted = this.#start.admit(chunk);
      if (admitted === undefined) return INCOMPLETE;
      if (typeof admitted === 'string') return this.#refuse(admitted);
      bytes = admitted;
      this.#isStarted = true;
      this.#lines.count = 0;
      this.#parser.beginResponse();
    }
    this.rest = bytes;
    for (let at = 0; at < bytes.length; ) {
      const end = Math.min(bytes.length, at + windowBytes);
      this.#shift = this.#text.length + at;
      const code = this.#parser.run(bytes, at, end, this);
      if (code === PAUSED) {
        const headEnd = at + this.#parser.consumed;
        const text = bytes.toString('latin1', 0, headEnd);
        const mistake = this.#take(this.#text === '' ? text : this.#text + text);
        return mistake === undefined ? headEnd : this.#refuse(mistake);
      }
      if (code !== MORE) return this.#refuse(`malformed head: ${this.#parser.errorReason()}`);
      at = end;
      if (this.#text.length + at > MAX_HEAD_BYTES) return this.#refuse(tooLong);
    }
    this.#text += bytes.toString('latin1');
    return INCOMPLETE;
  }

  onTarget(): number {
    return STOP;
  }

  onFieldName(start: number, end: number): number {
    return this.#lines.add(start + this.#shift, end + this.#shift) ? 0 : STOP;
  }

  onBody(): number {
    return STOP;
  }

  /** @returns what is wrong, if something is */
  #take(text: string): string | undefined {
    if (text.length > MAX_HEAD_BYTES) return tooLong;
    const lineEnd = text.indexOf('\r\n');
    this.status = Number(text.slice(STATUS_END - 3, STATUS_END));
    this.reason = text.slice(STATUS_END + 1, lineEnd);
    if (lineEnd < STATUS_END || hasControl(this.reason)) return 'its reason phrase has a control character';
    this.framing.clear();
    const taken = this.#lines.take(text, lineEnd + 2, this.framing);
    if (!Array.isArray(taken)) return taken.message;
    this.fields = new Fields(taken, true);
    return undefined;
  }

  #refuse(mistake: string): number {
    this.mistake = mistake;
    return REFUSED;
  }
}

const tooLong = `its head is longer than ${MAX_HEAD_BYTES} bytes`;

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code === 0x7f || (code < 0x20 && code !== 0x09)) return true;
  }
  return false;
}
