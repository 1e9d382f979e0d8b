/**
 * Header fields: an ordered list of name-value pairs, names compared without case, kept as one flat array
 * because that is what parsers make and writers need. Values are latin1 strings.
 * Meaning of get, set, unset: `req.http.NAME` in vcl-var(7). Cost of each: one pass over the names.
 */
export class Fields {
  /** name, value, name, value, ... in the order in which they are sent. Owned by this object. */
  readonly raw: string[];

  constructor(raw: string[] = []) {
    this.raw = raw;
  }

  /** The first field of that name, or undefined. */
  get(name: string): string | undefined {
    const { raw } = this;
    for (let i = 0; i < raw.length; i += 2) {
      if (sameName(raw[i] as string, name)) return raw[i + 1];
    }
    return undefined;
  }

  /** All values of that name, in order. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let i = 0; i < this.raw.length; i += 2) {
      if (sameName(this.raw[i] as string, name)) values.push(this.raw[i + 1] as string);
    }
    return values;
  }

  has(name: string): boolean {
    return this.get(name) !== undefined;
  }

  /** Replaces every field of that name by one, at the end. */
  set(name: string, value: string): void {
    this.unset(name);
    this.raw.push(name, value);
  }

  /** Adds a field and leaves others of the same name in place. */
  append(name: string, value: string): void {
    this.raw.push(name, value);
  }

  /** Removes every field of that name. */
  unset(name: string): void {
    const { raw } = this;
    let kept = 0;
    for (let i = 0; i < raw.length; i += 2) {
      if (sameName(raw[i] as string, name)) continue;
      raw[kept] = raw[i] as string;
      raw[kept + 1] = raw[i + 1] as string;
      kept += 2;
    }
    raw.length = kept;
  }

  clone(): Fields {
    return new Fields(this.raw.slice());
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let i = 0; i < this.raw.length; i += 2) yield [this.raw[i] as string, this.raw[i + 1] as string];
  }
}

/** Field names are ASCII tokens (RFC 9110 section 5.1), so lengths differ only if the names do. */
function sameName(a: string, b: string): boolean {
  return a.length === b.length && (a === b || a.toLowerCase() === b.toLowerCase());
}
