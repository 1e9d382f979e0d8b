/**
 * What may stand in a Host field and as the authority of a request target: RFC 9110 section 7.2, RFC 3986
 * section 3.2.2. Two deviations, both stricter: no empty host (RFC 9110 section 4.2.1 has it rejected in http
 * URIs), and no comma in a name, which is how two Host fields look that somebody joined.
 */
import { isIPv6 } from 'node:net';

const nameAndPort = /^(?:[\w.~!$&'()*+;=-]|%[0-9a-f]{2})+(?::(\d*))?$/i;
const literalAndPort = /^\[([0-9a-f:.]+)\](?::(\d*))?$/i;

/** Most requests name the same host as the one before. */
let lastLegal = '';

/** Whether text is a host, with or without a port. */
export function isLegalHost(text: string): boolean {
  if (text === lastLegal) return text !== '';
  if (!isHost(text)) return false;
  lastLegal = text;
  return true;
}

function isHost(text: string): boolean {
  const isLiteral = text.charCodeAt(0) === 0x5b;
  const match = (isLiteral ? literalAndPort : nameAndPort).exec(text);
  if (match === null) return false;
  if (isLiteral && !isIPv6(match[1] as string)) return false;
  const port = isLiteral ? match[2] : match[1];
  return port === undefined || Number(port) <= 65_535;
}
