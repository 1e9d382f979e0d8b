/**
 * The fields that a client sends again. Most clients that keep a connection say of themselves the same with every
 * request; byte for byte the same lines were found good before, and need not be taken apart again.
 *
 * Only what nobody can read in two ways is recognised: a request line that is a GET with one space on either side of
 * its target, and fields that announce no body. Everything else is parsed.
 *
 * Cost: 0.2 µs, of a head that would take 2 µs; of one that differs, 0.05 µs.
 */

const LF = 0x0a;
const GET = Buffer.from('GET ', 'latin1');
const VERSION = ' HTTP/1.1\r\n';
/** Bytes of input that may be kept in memory for this, while the connection lives. */
const mostBytes = 4096;

export class RepeatedFields {
  /** Of the last request that was found. */
  target = '';
  /** Input with the fields, and where in it they begin and end, the empty line included. */
  #chunk: Buffer | undefined;
  #start = 0;
  #end = 0;
  #raw: readonly string[] = [];

  /** Name, value, name, value, ...: a copy, which is the caller's. */
  get raw(): string[] {
    return this.#raw.slice();
  }

  /**
   * Keeps the fields of a head that is legal and has no body behind it, if that is little.
   *
   * @param chunk must not change any more
   * @param start offset of the first field, `end` that behind the empty line
   * @param raw copied
   */
  remember(chunk: Buffer, start: number, end: number, raw: readonly string[]): void {
    if (chunk.length > mostBytes) return;
    this.#chunk = chunk;
    this.#start = start;
    this.#end = end;
    this.#raw = raw.slice();
  }

  forget(): void {
    this.#chunk = undefined;
  }

  /** @returns the offset behind a head that has the fields of the last one; 0: it has to be parsed */
  find(chunk: Buffer, from: number): number {
    const last = this.#chunk;
    if (last === undefined) return 0;
    const line = chunk.indexOf(LF, from) + 1;
    const end = line + this.#end - this.#start;
    // Fields of another length are others: mostly that is enough to know, where nothing else has been sent.
    if (line === 0 || end > chunk.length || chunk[end - 1] !== LF || chunk[end - 3] !== LF) return 0;
    if (last.compare(chunk, line, end, this.#start, this.#end) !== 0) return 0;
    for (let i = 0; i < GET.length; i++) if (chunk[from + i] !== GET[i]) return 0;
    const text = chunk.toString('latin1', from + GET.length, line);
    if (!text.endsWith(VERSION)) return 0;
    this.target = text.slice(0, -VERSION.length);
    return end;
  }
}
