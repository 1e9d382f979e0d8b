/** Writes the head of a response: RFC 9112 section 4, and the framing fields that a listener owns. */
import type { Clock } from '../../clock.ts';
import type { Framing, Persistence, ResponseHead } from '../http/exchange.ts';
import { dateField } from '../request/date-field.ts';

/** @param clock for a Date field if there is none yet */
export function responseHead(
  head: ResponseHead,
  framing: Framing,
  persistence: Persistence,
  clock: Clock,
): string {
  if (head.write !== undefined) return head.write(framing, persistence);
  let text = head.written ?? writtenFields(head, clock);
  if (typeof framing === 'number') text += `Content-Length: ${framing}\r\n`;
  else if (framing === 'chunked') text += 'Transfer-Encoding: chunked\r\n';
  if (persistence === 'close') return `${text}Connection: close\r\n\r\n`;
  if (persistence === 'keep-alive') return `${text}Connection: keep-alive\r\n\r\n`;
  return `${text}\r\n`;
}

function writtenFields(head: ResponseHead, clock: Clock): string {
  let text = `HTTP/1.1 ${head.status} ${head.reason}\r\n`;
  const { raw } = head.fields;
  let hasDate = false;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === 4 && (name === 'Date' || name.toLowerCase() === 'date')) hasDate = true;
    text += `${name}: ${raw[i + 1] as string}\r\n`;
  }
  return hasDate ? text : `${text}Date: ${dateField(clock.wallNow())}\r\n`;
}

/** RFC 9110 sections 9.3.2, 15.3.5 and 15.4.5: responses that end with their head, whatever it says. */
export function endsWithHead(method: string, status: number): boolean {
  return status === 204 || status === 304 || method === 'HEAD';
}
