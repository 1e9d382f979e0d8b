/**
 * Digests of what was hashed lately: most requests are for few objects, and finding a digest again costs a tenth of
 * computing it. Two generations: what has not been asked for while the younger one filled up is forgotten.
 */

/** Digests of one generation; some 200 bytes each. */
const GENERATION = 4_096;
/** Characters of a key that is kept. */
const LONGEST_KEY = 512;

export class RecentDigests {
  readonly #digest: (key: string) => string;
  #young = new Map<string, string>();
  #old = new Map<string, string>();

  /** @param digest what to compute; a pure function */
  constructor(digest: (key: string) => string) {
    this.#digest = digest;
  }

  get(key: string): string {
    const known = this.#young.get(key);
    if (known !== undefined) return known;
    const digest = this.#old.get(key) ?? this.#digest(key);
    if (key.length > LONGEST_KEY) return digest;
    if (this.#young.size === GENERATION) {
      this.#old = this.#young;
      this.#young = new Map();
    }
    this.#young.set(key, digest);
    return digest;
  }

  /** Digests that are kept now. */
  get size(): number {
    return this.#young.size + this.#old.size;
  }
}
