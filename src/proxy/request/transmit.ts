/**
 * Hands a response to the exchange: whole where no body follows, so that it is one write; streamed otherwise.
 */
import type { Exchange, ResponseBody } from '../http/exchange.ts';
import { dropResponseFraming } from './hop-by-hop.ts';
import type { Manners } from './manners.ts';
import type { ResponseMessage, SyntheticMessage } from './messages.ts';

const nothing = new Uint8Array(0);

/**
 * @param hasBody whether the backend's answer has a body
 * @param length of that body, where it was announced
 * @returns where the body goes, or undefined if the response is complete without one
 */
export function transmit(
  manners: Manners,
  exchange: Exchange,
  response: ResponseMessage,
  hasBody: boolean,
  length: number | undefined,
): ResponseBody | undefined {
  // Trailers travel in chunked coding only (RFC 9112 section 7.1.2), and only then may Trailer announce them.
  const head = manners.head(response, hasBody && length === undefined && exchange.version === '1.1');
  const { status } = response;
  if (mayHaveBody(exchange, status)) {
    if (hasBody && length !== 0) return exchange.begin(head, length);
    exchange.respond(head, nothing);
  } else {
    // RFC 9110 section 8.6: the length of the body that is not sent, but none with 204.
    exchange.respond(head, undefined, status === 204 ? undefined : length);
  }
  return undefined;
}

/**
 * As `transmit`, for a response that was made here.
 *
 * @returns how many bytes of a body that sends
 */
export function transmitSynthetic(manners: Manners, exchange: Exchange, response: SyntheticMessage): number {
  if (response.hasPage && !response.http.has('Content-Type')) {
    response.http.append('Content-Type', 'text/html; charset=utf-8');
  }
  const head = manners.head(response, false);
  const { body, status } = response;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (mayHaveBody(exchange, status)) {
    exchange.respond(head, bytes);
    return bytes.length;
  }
  exchange.respond(head, undefined, status === 204 || status === 304 ? undefined : bytes.length);
  return 0;
}

/** The head that switches protocols, as it goes over the wire: RFC 9110 section 15.2.2. */
export function switchingHead(response: ResponseMessage, protocol: string): string {
  dropResponseFraming(response, false);
  let head = `HTTP/1.1 ${response.status} ${response.reason}\r\n`;
  for (const [name, value] of response.http) head += `${name}: ${value}\r\n`;
  return `${head}Connection: Upgrade\r\nUpgrade: ${protocol}\r\n\r\n`;
}

/** RFC 9112 section 6.3: these end with their head, whatever it says. */
export function mayHaveBody(exchange: Exchange, status: number): boolean {
  return exchange.method !== 'HEAD' && status !== 204 && status !== 304;
}
