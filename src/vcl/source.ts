/**
 * The text of one VCL file. It is kept as latin1, one character for each byte, because that is what header fields
 * and bodies are made of; places count characters of UTF-8, as an editor does.
 */
import type { Place } from '../errors.ts';

export class VclSource {
  /** Path of the file; `<builtin>` for the built-in VCL. */
  readonly file: string;
  readonly text: string;
  #lineStarts: number[] | undefined;

  constructor(file: string, text: string) {
    this.file = file;
    this.text = text;
  }

  /** Cost: O(log lines), and once O(length). */
  place(start: number, end: number): Place {
    const starts = this.#starts();
    let low = 0;
    let high = starts.length - 1;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((starts[middle] as number) <= start) low = middle;
      else high = middle - 1;
    }
    const lineStart = starts[low] as number;
    const newline = this.text.indexOf('\n', start);
    const lineEnd = newline < 0 ? this.text.length : newline;
    const column = characters(this.text.slice(lineStart, start)) + 1;
    const length = Math.max(1, characters(this.text.slice(start, Math.max(start, Math.min(end, lineEnd)))));
    return { file: this.file, line: low + 1, column, length };
  }

  #starts(): readonly number[] {
    if (this.#lineStarts !== undefined) return this.#lineStarts;
    const starts = [0];
    for (let at = this.text.indexOf('\n'); at >= 0; at = this.text.indexOf('\n', at + 1)) starts.push(at + 1);
    this.#lineStarts = starts;
    return starts;
  }
}

function characters(latin1: string): number {
  return Buffer.from(latin1, 'latin1').toString('utf8').length;
}
