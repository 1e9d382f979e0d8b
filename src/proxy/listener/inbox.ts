/** What a connection has received and nobody has taken yet, in order. */
export class Inbox {
  /** Where the first chunk's unread part begins. */
  offset = 0;
  /** Unread bytes in all. */
  bytes = 0;
  #chunks: Buffer[] = [];

  /** The chunk to read next, from `offset` on. */
  get first(): Buffer | undefined {
    return this.#chunks[0];
  }

  push(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.bytes += chunk.length;
  }

  /** Everything before `offset` in the first chunk has been taken. */
  takeTo(offset: number): void {
    this.bytes -= offset - this.offset;
    if (offset < (this.#chunks[0] as Buffer).length) {
      this.offset = offset;
    } else {
      this.#chunks.shift();
      this.offset = 0;
    }
  }

  /** All that is left, which is taken by this. */
  takeAll(): Buffer {
    const [first, ...others] = this.#chunks;
    const rest = first === undefined ? Buffer.alloc(0) : first.subarray(this.offset);
    this.clear();
    return others.length === 0 ? rest : Buffer.concat([rest, ...others]);
  }

  clear(): void {
    this.#chunks = [];
    this.offset = 0;
    this.bytes = 0;
  }
}
