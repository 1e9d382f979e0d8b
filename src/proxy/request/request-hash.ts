/**
 * The request hash: what an object is known by. SHA-256 over each `hash_data` argument followed by a zero
 * byte, as varnishd computes it; by default over the URL and the Host (in lower case, as its built-in VCL
 * makes it), or the server's address without one.
 *
 * Cost: nothing until somebody asks for it; then about 1 µs, once, or 0.1 µs if it was asked for lately.
 */
import { sha256Hex } from '../../sha256.ts';
import { RecentDigests } from './recent-digests.ts';

const digests = new RecentDigests(sha256Hex);

export class RequestHash {
  readonly #parts: string[];
  #key: string | undefined;
  #text: string | undefined;
  #digest: Buffer | undefined;

  constructor(parts: string[] = []) {
    this.#parts = parts;
  }

  get isEmpty(): boolean {
    return this.#parts.length === 0;
  }

  add(data: string): void {
    this.#parts.push(data);
    this.#key = undefined;
    this.#text = undefined;
    this.#digest = undefined;
  }

  /** What is hashed: equal for the same hashes, and nothing has to be computed for it. */
  key(): string {
    if (this.#key === undefined) {
      let key = '';
      for (const part of this.#parts) key += `${part}\0`;
      this.#key = key;
    }
    return this.#key;
  }

  /** 64 hexadecimal digits. */
  hex(): string {
    this.#text ??= digests.get(this.key());
    return this.#text;
  }

  /** 32 bytes. */
  bytes(): Uint8Array {
    this.#digest ??= Buffer.from(this.hex(), 'hex');
    return this.#digest;
  }
}
