/**
 * The head of a request as it goes to a backend. Fields of framing and connection are the transport's to
 * write. Expect cannot be honoured by one that never waits for a 100, nor Trailer by one that sends none: they
 * are left out.
 *
 * Connection says nothing unless protocols are offered, or the connection is to be closed: in HTTP/1.1 connections go on by themselves (RFC 9112
 * section 9.3), and varnishd sends none either.
 */
import { sameName } from '../http/fields.ts';
import { endsHereInRequest } from '../request/hop-by-hop.ts';
import { illegalFields, illegalRequestLine } from '../request/message-check.ts';
import type { FetchRequest } from './transport.ts';

/** @param bodyLength bytes to come; undefined: chunked; -1: no body */
export function requestHead(request: FetchRequest, bodyLength: number | undefined): string {
  const { method, upgrade, closes } = request;
  const { raw } = request.fields;
  let head = `${method} ${request.path} HTTP/1.1\r\n`;
  const saysNone =
    bodyLength === -1 && (anticipatesBody(method) || request.fields.get('Content-Length') === '0');
  const length = saysNone ? 0 : bodyLength;
  // Where there is a length already, the right one takes its place.
  let saysLength = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!isTransportField(name)) head += `${name}: ${raw[i + 1] as string}\r\n`;
    else if (name.length === 14 && length !== undefined && length >= 0 && !saysLength) {
      saysLength = true;
      head += `${name}: ${length}\r\n`;
    }
  }
  if (upgrade !== undefined) return `${head}Connection: upgrade\r\nUpgrade: ${upgrade}\r\n\r\n`;
  if (closes) head += 'Connection: close\r\n';
  if (length === undefined) return `${head}Transfer-Encoding: chunked\r\n\r\n`;
  return saysLength || length < 0 ? `${head}\r\n` : `${head}Content-Length: ${length}\r\n\r\n`;
}

/** Why a request cannot be sent, or undefined. Whoever made it has let through what would be another message. */
export function mistakeIn(request: FetchRequest): string | undefined {
  const { method, path, fields, upgrade } = request;
  const mistake = illegalRequestLine(method, path) ?? illegalFields(fields);
  if (mistake !== undefined) return mistake;
  if (fields.getAll('host').length > 1) return 'it has more than one Host';
  if (upgrade !== undefined && request.body !== undefined) return 'it has a body and offers other protocols';
  return undefined;
}

/** What framing, the connection and this transport's manners decide, and no caller. */
function isTransportField(name: string): boolean {
  return (name.length === 14 && sameName(name, 'content-length')) || endsHereInRequest(name);
}

/** RFC 9110 section 8.6: with these, a length of 0 is said. */
function anticipatesBody(method: string): boolean {
  return method === 'POST' || method === 'PUT' || method === 'PATCH';
}
