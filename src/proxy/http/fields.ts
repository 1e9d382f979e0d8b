/**
 * Header fields: an ordered list of name-value pairs, names compared without case, kept as one flat array
 * because that is what parsers make and writers need. Values are latin1 strings. Cost of each call: one pass
 * over the names.
 */

/** A message's header fields, as hooks read and change them. VCL: `req.http.NAME` and its like. */
export interface HeaderFields extends Iterable<[name: string, value: string]> {
  /** The first field of that name, or undefined. */
  get(name: string): string | undefined;
  /** All values of that name, in order. */
  getAll(name: string): string[];
  has(name: string): boolean;
  /** Replaces every field of that name by one, at the end. */
  set(name: string, value: string): void;
  /** Adds a field and leaves others of the same name in place. */
  append(name: string, value: string): void;
  /** Removes every field of that name. */
  unset(name: string): void;
}

export class Fields implements HeaderFields {
  /**
   * name, value, name, value, ... in the order in which they are sent. Owned by this object. Whoever adds to it
   * past the methods knows that it is legal.
   */
  readonly raw: string[];
  /**
   * Whether names and values are known to be legal, so that nobody need look at them again: a parser or a check
   * has seen them all.
   */
  isLegal: boolean;

  constructor(raw: string[] = [], isLegal = false) {
    this.raw = raw;
    this.isLegal = isLegal;
  }

  get(name: string): string | undefined {
    const { raw } = this;
    for (let i = 0; i < raw.length; i += 2) {
      if (sameName(raw[i] as string, name)) return raw[i + 1];
    }
    return undefined;
  }

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

  set(name: string, value: string): void {
    this.unset(name);
    this.append(name, value);
  }

  append(name: string, value: string): void {
    this.isLegal = false;
    this.raw.push(name, value);
  }

  /** As `append`, for a name and a value that are legal beyond doubt. */
  appendLegal(name: string, value: string): void {
    this.raw.push(name, value);
  }

  unset(name: string): void {
    this.dropWhere((other) => sameName(other, name));
  }

  /** Removes every field of whose name that is true. */
  dropWhere(drops: (name: string) => boolean): void {
    const { raw } = this;
    let kept = 0;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i] as string;
      if (drops(name)) continue;
      if (kept !== i) {
        raw[kept] = name;
        raw[kept + 1] = raw[i + 1] as string;
      }
      kept += 2;
    }
    // Even the same length takes the engine a long way to set.
    if (kept !== raw.length) raw.length = kept;
  }

  /** Takes over what another one has. */
  become({ raw, isLegal }: Fields): void {
    this.raw.splice(0, this.raw.length, ...raw);
    this.isLegal = isLegal;
  }

  clone(): Fields {
    return new Fields(this.raw.slice(), this.isLegal);
  }

  *[Symbol.iterator](): IterableIterator<[name: string, value: string]> {
    for (let i = 0; i < this.raw.length; i += 2) yield [this.raw[i] as string, this.raw[i + 1] as string];
  }
}

/**
 * Whether a field's name is another one. Names are ASCII tokens (RFC 9110 section 5.1); they are compared letter
 * by letter, because a lower-case copy of each would cost ten times as much.
 */
export function sameName(a: string, b: string): boolean {
  const { length } = a;
  if (length !== b.length) return false;
  for (let i = 0; i < length; i++) {
    const code = a.charCodeAt(i);
    const other = b.charCodeAt(i);
    if (code === other) continue;
    const letter = code | 0x20;
    if (letter !== (other | 0x20) || letter < 0x61 || letter > 0x7a) return false;
  }
  return true;
}
