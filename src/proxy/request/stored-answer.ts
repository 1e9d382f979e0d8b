/**
 * The head of a stored object as it is sent: what was written when it was stored, and its age.
 */
import type { StoredObject } from '../cache/stored-object.ts';
import type { ResponseHead } from '../http/exchange.ts';
import { type Fields, sameName } from '../http/fields.ts';

export class StoredAnswer implements ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly #object: StoredObject;
  readonly #age: number;

  /** @param now milliseconds since 1970 */
  constructor(object: StoredObject, now: number) {
    this.status = object.status;
    this.reason = object.reason;
    this.#object = object;
    this.#age = object.age(now);
  }

  get written(): string {
    return `${this.#object.written}Age: ${this.#age}\r\n`;
  }

  get fields(): Fields {
    const fields = this.#object.fields();
    fields.appendLegal('Age', String(this.#age));
    return fields;
  }
}

/** Whether a request wants something else of an object than to have it as it is stored: 304, a part, or unpacked. */
export function wantsMore(request: Fields): boolean {
  const { raw } = request;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    switch (name.length) {
      case 5:
        if (sameName(name, 'range')) return true;
        break;
      case 13:
        if (sameName(name, 'if-none-match')) return true;
        break;
      case 17:
        if (sameName(name, 'if-modified-since')) return true;
        break;
    }
  }
  return false;
}
