/**
 * Which header fields go on to the next hop: RFC 9110 section 7.6.1. Fields about one connection, and those
 * that its Connection field names, end here; framing is written anew by whoever sends the message.
 *
 * Proxy-Authenticate and Proxy-Authorization go on. They speak to a proxy that the client chose (sections
 * 11.7.1 and 11.7.2); a gateway is the origin as far as the client knows, so they are not meant for it, and
 * 7.6.1 does not list them.
 *
 * Cost: one pass over the names; only names of a telling length are looked at.
 */
import type { ResponseHead } from '../http/exchange.ts';
import { Fields, sameName } from '../http/fields.ts';

/**
 * Removes the fields that a message's Connection field names, as long as nothing of ours has been added: a
 * client that writes `Connection: X-Forwarded-For` must not take away what hooks or the proxy say. Connection
 * itself stays, and so does what it may name rightly (Upgrade, TE), so that hooks can look at both.
 *
 * @returns whether it names Upgrade
 */
export function dropConnectionOptions(fields: Fields): boolean {
  if (!namesFields(fields)) return false;
  let namesUpgrade = false;
  for (const list of fields.getAll('Connection')) {
    for (const item of list.split(',')) {
      const name = item.trim();
      if (name !== '' && !isKept(name)) fields.unset(name);
      else if (sameName(name, 'upgrade')) namesUpgrade = true;
    }
  }
  return namesUpgrade;
}

/** Whether a field Connection is there that may name others. */
function namesFields({ raw }: Fields): boolean {
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (name.length === 10 && sameName(name, 'connection') && !isPlain(raw[i + 1] as string)) return true;
  }
  return false;
}

/** By far the most frequent values, which name no field. */
function isPlain(value: string): boolean {
  return value === 'keep-alive' || value === 'close' || value === 'Keep-Alive' || value === 'Close';
}

/** Names that Connection cannot take away: handled elsewhere, or needed by every recipient (7.6.1, last but one paragraph). */
function isKept(name: string): boolean {
  switch (name.toLowerCase()) {
    case 'connection':
    case 'close':
    case 'keep-alive':
    case 'upgrade':
    case 'te':
    case 'host':
    case 'content-length':
    case 'transfer-encoding':
      return true;
    default:
      return false;
  }
}

/**
 * A copy of a request's fields for the backend. Expect is gone because the listener has met it (RFC 9110
 * section 10.1.1), Trailer because request trailers are not forwarded (6.5.1). `TE: trailers` stays: response
 * trailers are forwarded.
 */
export function endToEndRequest(fields: Fields): Fields {
  const kept: string[] = [];
  const { raw } = fields;
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    const value = raw[i + 1] as string;
    if (name.length === 2 && name.toLowerCase() === 'te') {
      if (wantsTrailers(value)) kept.push('TE', 'trailers');
    } else if (!endsHereInRequest(name)) {
      kept.push(name, value);
    }
  }
  return new Fields(kept, fields.isLegal);
}

/**
 * A copy of a request's fields for a pipe. The bytes after the head go on untouched, so the fields that frame
 * them stay.
 */
export function pipedRequest(fields: Fields): Fields {
  const copy = fields.clone();
  copy.dropWhere(endsHereInPipe);
  return copy;
}

/** Removes what ends here from a response or its trailers, in place; Content-Length stays. */
export function dropResponseHopByHop(fields: Fields): void {
  dropConnectionOptions(fields);
  fields.dropWhere(endsHereInResponse);
}

/** A copy of what is stored of a response: its age counts on, and a stored body has neither a coding nor trailers. */
export function storedFields(fields: Fields): Fields {
  const copy = fields.clone();
  copy.dropWhere(isNotStored);
  return copy;
}

/** What the listener writes by itself, or cannot be sent to this client. */
export function dropResponseFraming(head: ResponseHead, canCarryTrailers: boolean): void {
  head.fields.dropWhere(canCarryTrailers ? isFramedResponseField : isFramedOrTrailer);
}

/** Whether a request's field is not for the backend, by its name; what frames the body is not judged. */
export function endsHereInRequest(name: string): boolean {
  switch (name.length) {
    case 6:
      return sameName(name, 'expect');
    case 7:
      return sameName(name, 'upgrade') || sameName(name, 'trailer');
    default:
      return endsHere(name);
  }
}

function endsHereInPipe(name: string): boolean {
  switch (name.length) {
    case 6:
      return sameName(name, 'expect');
    case 7:
      return sameName(name, 'upgrade');
    case 10:
      return sameName(name, 'connection') || sameName(name, 'keep-alive');
    case 16:
      return sameName(name, 'proxy-connection');
    default:
      return false;
  }
}

function endsHereInResponse(name: string): boolean {
  return name.length === 7 ? sameName(name, 'upgrade') : endsHere(name);
}

function isFramedResponseField(name: string): boolean {
  return (name.length === 14 && sameName(name, 'content-length')) || endsHereInResponse(name);
}

function isFramedOrTrailer(name: string): boolean {
  return (name.length === 7 && sameName(name, 'trailer')) || isFramedResponseField(name);
}

function isNotStored(name: string): boolean {
  switch (name.length) {
    case 3:
      return sameName(name, 'age');
    case 7:
      return sameName(name, 'trailer');
    case 14:
      return sameName(name, 'content-length');
    default:
      return false;
  }
}

function endsHere(name: string): boolean {
  switch (name.length) {
    case 10:
      return sameName(name, 'connection') || sameName(name, 'keep-alive');
    case 16:
      return sameName(name, 'proxy-connection');
    case 17:
      return sameName(name, 'transfer-encoding');
    default:
      return false;
  }
}

/** Bytes of the body as Content-Length says; undefined without one, or where the coding decides. */
export function contentLength(fields: Fields): number | undefined {
  const value = fields.get('Content-Length');
  if (value === undefined || fields.has('Transfer-Encoding')) return undefined;
  return /^\d{1,15}$/.test(value) ? Number(value) : undefined;
}

/** RFC 9110 section 10.1.4: the member `trailers`, without parameters. */
function wantsTrailers(te: string): boolean {
  if (te === 'trailers') return true;
  return te.split(',').some((coding) => coding.trim().toLowerCase() === 'trailers');
}
