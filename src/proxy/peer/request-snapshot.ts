/**
 * The snapshot of a request that a peer operation sends: method, URL, protocol and every field but Connection,
 * as they are at the call. Source: vmod_peer, queue_req. Content-Length, Transfer-Encoding and Expect are the
 * client's arrangements about a body that does not go along.
 *
 * It is one flat string in the form in which it is sent: what it costs is its bytes.
 */
import type { PeerRequest } from '../../config/peer-control.ts';
import { Fields, sameName } from '../http/fields.ts';
import { illegalFields, illegalRequestLine } from '../request/message-check.ts';

export interface RequestSnapshot {
  /** Request line and fields, each with its line end. */
  readonly head: string;
  /** Of the Host field; undefined: there is none, and a head that is sent needs one. */
  readonly host: string | undefined;
}

/** @throws TypeError what is wrong with a request that a hook has changed into none */
export function snapshotOf(request: PeerRequest): RequestSnapshot {
  const { method, url, proto } = request;
  const fields = fieldsOf(request);
  const mistake = illegalRequestLine(method, url) ?? illegalFields(fields);
  if (mistake !== undefined) throw new TypeError(`this request cannot be sent to a peer: ${mistake}`);
  if (method === 'CONNECT') {
    throw new TypeError('this request cannot be sent to a peer: CONNECT asks for a tunnel');
  }
  const { raw } = fields;
  let host: string | undefined;
  let head = `${method} ${url} ${proto === 'HTTP/1.0' ? proto : 'HTTP/1.1'}\r\n`;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (isLeftOut(name)) continue;
    const value = raw[i + 1] as string;
    if (host === undefined && name.length === 4 && sameName(name, 'host')) host = value;
    head += `${name}: ${value}\r\n`;
  }
  head += 'Connection: close\r\n';
  return { head: flat(head), host };
}

function fieldsOf({ http }: PeerRequest): Fields {
  if (http instanceof Fields) return http;
  if (typeof http?.[Symbol.iterator] === 'function') return new Fields([...http].flat());
  throw new TypeError('what is repeated to a peer must be a request: req, or bereq');
}

/** By length first: most names are passed by with one comparison. */
function isLeftOut(name: string): boolean {
  switch (name.length) {
    case 6:
      return sameName(name, 'expect');
    case 10:
      return sameName(name, 'connection');
    case 14:
      return sameName(name, 'content-length');
    case 17:
      return sameName(name, 'transfer-encoding');
    default:
      return false;
  }
}

/** A string that was put together is a tree, several times as large, until somebody looks into it. */
function flat(text: string): string {
  text.charCodeAt(0);
  return text;
}

/** Where a Host field leads: RFC 9110 section 7.2. @returns undefined: nowhere */
export function destinationOf(host: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([^\s:/?#@[\]]+))(?::(\d{1,5}))?$/.exec(host);
  const name = match?.[1] ?? match?.[2];
  const port = match?.[3] === undefined ? 80 : Number(match[3]);
  return name === undefined || port < 1 || port > 65_535 ? undefined : { host: name, port };
}
