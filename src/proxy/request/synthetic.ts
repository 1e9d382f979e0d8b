/**
 * Answers that come from here: the page of a synthetic response, and the plain last resort that runs no hook.
 */
import { STATUS_CODES } from 'node:http';
import type { Exchange, ResponseHead } from '../http/exchange.ts';
import { Fields } from '../http/fields.ts';
import { dateField } from './date-field.ts';

/** The registered phrase of a status; `Unknown` for one that nobody has registered. */
export function phraseOf(status: number): string {
  return STATUS_CODES[status] ?? 'Unknown';
}

/** A small page that names status and reason. The reason may repeat what a client sent, so it is escaped. */
export function syntheticPage(status: number, reason: string, xid: string): string {
  const title = `${status} ${escapeHtml(reason)}`;
  return (
    `<!DOCTYPE html>\n<html>\n  <head>\n    <title>${title}</title>\n  </head>\n  <body>\n` +
    `    <h1>${title}</h1>\n    <p>Request ${xid}</p>\n    <hr>\n    <p>Troupe</p>\n  </body>\n</html>\n`
  );
}

/**
 * Answers with one line of text, where no config is asked or its hooks have failed.
 *
 * @returns how many bytes of a body that sends
 */
export function respondPlainly(exchange: Exchange, status: number, wallNow: number): number {
  const reason = phraseOf(status);
  const raw = ['Date', dateField(wallNow), 'Content-Type', 'text/plain; charset=utf-8'];
  const head: ResponseHead = { status, reason, fields: new Fields(raw) };
  const body = Buffer.from(`${status} ${reason}\n`);
  if (exchange.method === 'HEAD') {
    exchange.respond(head, undefined, body.length);
    return 0;
  }
  exchange.respond(head, body);
  return body.length;
}

function escapeHtml(text: string): string {
  return text.replace(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
