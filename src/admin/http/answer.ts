/** How answers are sent: JSON or text, never stored, never taken for something else, never framed. */
import type { ServerResponse } from 'node:http';
import type { TroupeError } from '../../errors.ts';
import { problemOf, statusOf } from './problem.ts';

/** On every answer. There is no CORS field among them: pages of other sites may not read. */
const safety = {
  'Cache-Control': 'no-store',
  'Content-Security-Policy':
    "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Referrer-Policy': 'no-referrer',
  'X-Content-Type-Options': 'nosniff',
} as const;

export const JSON_TYPE = 'application/json; charset=utf-8';

export function beginAnswer(
  response: ServerResponse,
  status: number,
  contentType: string,
  more: Readonly<Record<string, string>> = {},
): void {
  response.writeHead(status, { ...safety, 'Content-Type': contentType, ...more });
}

export function answerText(response: ServerResponse, contentType: string, text: string): void {
  const length = { 'Content-Length': String(Buffer.byteLength(text)) };
  beginAnswer(response, 200, contentType, length);
  response.end(text);
}

export function answerJson(response: ServerResponse, value: unknown): void {
  answerText(response, JSON_TYPE, `${JSON.stringify(value)}\n`);
}

/** Nothing happens if an answer has begun already: it is cut then. */
export function answerProblem(
  response: ServerResponse,
  error: TroupeError,
  more: Readonly<Record<string, string>> = {},
): void {
  if (response.headersSent) {
    response.destroy();
    return;
  }
  const text = `${JSON.stringify(problemOf(error))}\n`;
  const fields: Record<string, string> = { 'Content-Length': String(Buffer.byteLength(text)), ...more };
  if (error.code === 'admin.unauthorized') fields['WWW-Authenticate'] = 'Bearer realm="troupe"';
  beginAnswer(response, statusOf(error), JSON_TYPE, fields);
  response.end(text);
}

/** An answer to what is no HTTP, or cannot be taken in: written to the bare connection. */
export function rawProblem(status: number, error: TroupeError): string {
  const text = `${JSON.stringify(problemOf(error))}\n`;
  return [
    `HTTP/1.1 ${status} ${error.code}`,
    `Content-Type: ${JSON_TYPE}`,
    `Content-Length: ${Buffer.byteLength(text)}`,
    'Connection: close',
    '',
    text,
  ].join('\r\n');
}
