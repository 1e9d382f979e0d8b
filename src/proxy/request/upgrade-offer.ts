/**
 * Which protocols a request offers to switch to: RFC 9110 section 7.8. They are offered on to the backend, but
 * for h2c: what would be said in HTTP/2 then is requests, which nobody here would judge.
 *
 * Requests that offer nothing do not come here.
 */
import type { Exchange } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';

/**
 * What a client offers, as a list for the Upgrade field, or undefined.
 *
 * @param fields the request's, as hooks have left them: without Upgrade nothing is offered
 */
export function offeredByClient({ version, canSwitch, body }: Exchange, fields: Fields): string | undefined {
  // In HTTP/1.0 the field means nothing. What follows a body could be either protocol's.
  if (version !== '1.1' || canSwitch !== true || body !== undefined) return undefined;
  return listOf(fields, isOfferable);
}

/** What of a client's offer is left in a request to the backend, or undefined. */
export function stillOffered(fields: Fields, offer: string): string | undefined {
  const offered = offer.toLowerCase().split(', ');
  return listOf(fields, (protocol) => offered.includes(protocol.toLowerCase()));
}

function listOf(fields: Fields, isTaken: (protocol: string) => boolean): string | undefined {
  const protocols = fields
    .getAll('Upgrade')
    .flatMap((list) => list.split(','))
    .map((protocol) => protocol.trim())
    .filter(isTaken);
  return protocols.length === 0 ? undefined : protocols.join(', ');
}

/** A protocol's name, with a version or without. */
const protocolName = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+(\/[!#$%&'*+.^_`|~0-9A-Za-z-]+)?$/;

function isOfferable(protocol: string): boolean {
  return protocolName.test(protocol) && !/^h2c?(\/|$)/i.test(protocol);
}
