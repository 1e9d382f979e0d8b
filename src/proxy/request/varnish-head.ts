/**
 * The head of a response as varnishd writes it: Content-Length stays where it is if it is right, and what becomes of
 * the connection is always said.
 */
import type { StoredObject } from '../cache/stored-object.ts';
import type { Framing, Persistence, ResponseHead } from '../http/exchange.ts';
import { Fields, sameName } from '../http/fields.ts';

export class VarnishHead implements ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly #own: Fields;
  readonly #closes: boolean;

  constructor({ status, reason, fields, closes = false }: ResponseHead) {
    this.status = status;
    this.reason = reason;
    this.#own = fields;
    this.#closes = closes;
  }

  /** Without what the listener would write, for those who do not ask for text. */
  get fields(): Fields {
    const { raw, isLegal } = this.#own;
    const kept: string[] = [];
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i] as string;
      if (!isLength(name) && !isConnection(name) && !isCoding(name)) kept.push(name, raw[i + 1] as string);
    }
    return new Fields(kept, isLegal);
  }

  get closes(): boolean {
    return this.#closes || this.#own.get('Connection')?.toLowerCase() === 'close';
  }

  write(framing: Framing, persistence: Persistence): string {
    const { raw } = this.#own;
    let text = `HTTP/1.1 ${this.status} ${this.reason}\r\n`;
    let saysLength = false;
    let saysConnection = false;
    for (let i = 0; i < raw.length; i += 2) {
      const name = raw[i] as string;
      const value = raw[i + 1] as string;
      if (isCoding(name)) continue;
      if (isLength(name)) {
        if (saysLength || value !== String(framing)) continue;
        saysLength = true;
      } else if (isConnection(name)) {
        if (persistence === 'close' && value.toLowerCase() !== 'close') continue;
        saysConnection = true;
      }
      text += `${name}: ${value}\r\n`;
    }
    if (typeof framing === 'number' && !saysLength) text += `Content-Length: ${framing}\r\n`;
    if (!saysConnection)
      text += persistence === 'close' ? 'Connection: close\r\n' : 'Connection: keep-alive\r\n';
    return framing === 'chunked' ? `${text}Transfer-Encoding: chunked\r\n\r\n` : `${text}\r\n`;
  }
}

/** As short as a head can be; the connection ends with it. */
export const bareHead: ResponseHead = {
  status: 500,
  reason: 'Internal Server Error',
  fields: new Fields(),
  closes: true,
  write: () => 'HTTP/1.1 500 Internal Server Error\r\n\r\n',
};

/** Of an object that goes to the client as it was stored. */
export class VarnishStoredHead implements ResponseHead {
  readonly status: number;
  readonly reason: string;
  readonly #object: StoredObject;
  /** Lines of what is not stored. */
  readonly #added: string;

  constructor(object: StoredObject, added: string) {
    this.status = object.status;
    this.reason = object.reason;
    this.#object = object;
    this.#added = added;
  }

  get fields(): Fields {
    return new VarnishHead({ status: this.status, reason: this.reason, fields: this.#all() }).fields;
  }

  write(framing: Framing, persistence: Persistence): string {
    const { written } = this.#object;
    if (typeof framing !== 'number' || !written.includes(`\r\nContent-Length: ${framing}\r\n`)) {
      const { status, reason } = this;
      return new VarnishHead({ status, reason, fields: this.#all() }).write(framing, persistence);
    }
    const connection = persistence === 'close' ? 'close' : 'keep-alive';
    return `${written}${this.#added}Connection: ${connection}\r\n\r\n`;
  }

  #all(): Fields {
    const fields = this.#object.fields();
    for (const line of this.#added.split('\r\n')) {
      const colon = line.indexOf(':');
      if (colon > 0) fields.raw.push(line.slice(0, colon), line.slice(colon + 2));
    }
    return fields;
  }
}

function isLength(name: string): boolean {
  return name.length === 14 && sameName(name, 'content-length');
}

function isConnection(name: string): boolean {
  return name.length === 10 && sameName(name, 'connection');
}

function isCoding(name: string): boolean {
  return name.length === 17 && sameName(name, 'transfer-encoding');
}
