/**
 * How a request's body is delimited, and whether the connection may go on afterwards: RFC 9112 sections 6 and
 * 9.3. Whatever two parsers could read in two ways is refused, also where the RFC would let a server choose.
 */
import { isLegalHost } from './host.ts';
import { malformed, type Refusal } from './refusal.ts';

/** What a request's fields say of it, gathered in one pass over them. */
export class FramingFields {
  host: string | undefined;
  hosts = 0;
  contentLength: string | undefined;
  contentLengths = 0;
  transferEncoding: string | undefined;
  transferEncodings = 0;
  connection = '';
  expect = '';

  clear(): void {
    this.host = undefined;
    this.hosts = 0;
    this.contentLength = undefined;
    this.contentLengths = 0;
    this.transferEncoding = undefined;
    this.transferEncodings = 0;
    this.connection = '';
    this.expect = '';
  }

  /** Looks at one field; the first letter spares nearly all others a comparison. */
  note(name: string, value: string): void {
    switch (name.charCodeAt(0) | 0x20) {
      case 0x68: // h
        if (is(name, 'Host')) {
          this.host = value;
          this.hosts++;
        }
        break;
      case 0x65: // e
        if (is(name, 'Expect')) this.expect = joined(this.expect, value);
        break;
      case 0x63: // c
        if (is(name, 'Connection')) {
          this.connection = joined(this.connection, value);
        } else if (is(name, 'Content-Length')) {
          this.contentLength = value;
          this.contentLengths++;
        }
        break;
      case 0x74: // t
        if (is(name, 'Transfer-Encoding')) {
          this.transferEncoding = value;
          this.transferEncodings++;
        }
        break;
    }
  }

  /** The first reason not to serve the request, or undefined. */
  refusal(method: string, version: '1.0' | '1.1'): Refusal | undefined {
    if (this.hosts !== 1 && (this.hosts > 1 || version === '1.1')) {
      return malformed(this.hosts === 0 ? 'no Host in an HTTP/1.1 request' : 'more than one Host');
    }
    if (this.host !== undefined && !isLegalHost(this.host)) return malformed('illegal Host');
    if (this.contentLengths > 0 || this.transferEncodings > 0) {
      const refusal = this.#bodyRefusal(method, version);
      if (refusal !== undefined) return refusal;
    }
    if (this.expect !== '' && !/^[, \t]*100-continue[, \t]*$/i.test(this.expect)) {
      return { status: 417, code: 'client.malformed', message: 'an expectation other than 100-continue' };
    }
    return undefined;
  }

  #bodyRefusal(method: string, version: '1.0' | '1.1'): Refusal | undefined {
    // RFC 9110 section 9.3.6: what follows a CONNECT is the tunnel's, whatever its head says.
    if (method === 'CONNECT') return malformed('a CONNECT that announces a body');
    if (this.transferEncodings > 0) {
      if (this.contentLengths > 0) return malformed('Content-Length beside Transfer-Encoding');
      if (version === '1.0') return malformed('Transfer-Encoding in an HTTP/1.0 request');
      if (this.transferEncodings > 1) return malformed('more than one Transfer-Encoding');
      if (this.transferEncoding?.toLowerCase() !== 'chunked') {
        return malformed('a Transfer-Encoding other than chunked');
      }
      return undefined;
    }
    if (this.contentLengths > 1) return malformed('more than one Content-Length');
    // 15 digits stay below 2^53.
    if (!/^\d{1,15}$/.test(this.contentLength as string)) return malformed('illegal Content-Length');
    return undefined;
  }

  /** Bytes to come; undefined: chunked. Of a request that is not refused. */
  bodyLength(): number | undefined {
    if (this.transferEncodings > 0) return undefined;
    return this.contentLength === undefined ? 0 : Number(this.contentLength);
  }

  /** RFC 9112 section 9.3. */
  keepsAlive(version: '1.0' | '1.1'): boolean {
    const { connection } = this;
    if (connection === '') return version === '1.1';
    if (hasToken(connection, 'close')) return false;
    return version === '1.1' || hasToken(connection, 'keep-alive');
  }
}

function is(name: string, usual: string): boolean {
  return name.length === usual.length && (name === usual || name.toLowerCase() === usual.toLowerCase());
}

function joined(list: string, more: string): string {
  return list === '' ? more : `${list},${more}`;
}

function hasToken(list: string, token: string): boolean {
  if (is(list, token)) return true;
  if (!list.includes(',')) return false;
  return list.split(',').some((item) => item.trim().toLowerCase() === token);
}
