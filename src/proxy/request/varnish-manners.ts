/**
 * The manners of varnishd 7.1, as a VCL program and its clients expect them: the same fields in the same order, seen
 * by hooks at the same places. Tables and orders are those of varnishd's http_headers.h, cache_req_fsm.c and
 * cache_fetch.c; test/vcl/differential holds them against a running one.
 *
 * What a client's Connection field names is gone before vcl_recv: there it cannot be mistaken for something of ours.
 */

import { leadingSeconds } from '../cache/varnish-rules.ts';
import { Fields, sameName } from '../http/fields.ts';
import { notKept } from './backend-response.ts';
import { varyByEncoding } from './fetch-filter.ts';
import { appendForwardedFor } from './forwarded.ts';
import { dropConnectionOptions } from './hop-by-hop.ts';
import type { Delivery, Manners } from './manners.ts';
import type { ClientMessage } from './messages.ts';
import { takesGzip } from './unpacked-body.ts';
import { VarnishHead, VarnishStoredHead } from './varnish-head.ts';
import { varnishReason } from './varnish-reasons.ts';

const ofConnection = ['connection', 'http2-settings', 'keep-alive', 'transfer-encoding', 'upgrade'];
const notPassed = new Set([...ofConnection, 'accept-ranges', 'te', 'trailer']);
const notAsked = new Set([
  ...notPassed,
  ...['cache-control', 'content-range', 'proxy-authenticate', 'proxy-authorization', 'range'],
  ...['if-match', 'if-modified-since', 'if-none-match', 'if-range', 'if-unmodified-since'],
]);
const notGivenOn = new Set([...ofConnection, 'age', 'te', 'trailer']);
const notStored = new Set([
  ...notGivenOn,
  ...['accept-ranges', 'content-range', 'proxy-authenticate', 'proxy-authorization', 'range'],
]);

/** Sends only what it is asked for; this hop's name in Via. */
const via = '1.1 troupe';

export const varnishManners: Manners = {
  kind: 'varnish',
  arrive(fields, address) {
    dropConnectionOptions(fields);
    fields.unset('Expect');
    appendForwardedFor(fields, address);
    collect(fields, 'Cache-Control');
    return false;
  },
  lookUp(fields) {
    if (takesGzip(fields)) force(fields, 'Accept-Encoding', 'gzip');
    else unset(fields, 'Accept-Encoding');
  },
  ask({ http }, _version, isPassed) {
    const fields = without(http, isPassed ? notPassed : notAsked);
    if (!isPassed) force(fields, 'Accept-Encoding', 'gzip');
    return fields;
  },
  askPiped(req) {
    const fields = req.http.clone();
    fields.appendLegal('X-Varnish', req.xid);
    force(fields, 'Connection', 'close');
    return fields;
  },
  attempt(bereq) {
    const { isLegal } = bereq.http;
    if (bereq.isNumbered) bereq.http.unset('X-Varnish');
    bereq.isNumbered = true;
    bereq.http.append('X-Varnish', bereq.xid);
    bereq.http.isLegal = isLegal;
  },
  receive(fields) {
    collect(fields, 'Cache-Control');
    collect(fields, 'Vary');
  },
  accept(fields, isKept, hasBody) {
    dropConnectionOptions(fields);
    drop(fields, isKept ? notStored : notGivenOn);
    if (!hasBody) unset(fields, 'Content-Encoding');
    // It may be unpacked for one client, and not for the next.
    else if (fields.get('Content-Encoding')?.toLowerCase() === 'gzip') varyByEncoding(fields);
  },
  passedTerms(fields, now) {
    const age = fields.get('Age');
    const origin = now - (age === undefined ? 0 : leadingSeconds(age)) * 1_000;
    return { ...notKept, origin, ttl: -1_000 };
  },
  addConditions(request, stored) {
    const modified = stored.get('Last-Modified');
    const etag = stored.get('ETag');
    if (modified !== undefined) request.appendLegal('If-Modified-Since', modified);
    if (etag !== undefined) request.appendLegal('If-None-Match', etag);
  },
  freshened(stored, notModified) {
    const fields = notModified.clone();
    fields.unset('Content-Encoding');
    fields.unset('Content-Length');
    const brought = fields.clone();
    for (const [name, value] of stored) if (!brought.has(name)) fields.raw.push(name, value);
    return fields;
  },
  stored: (fields) => fields.clone(),
  deliver({ http, status }, req, delivery) {
    const { isLegal } = http;
    http.raw.push('X-Varnish', numbers(req, delivery), 'Age', String(delivery.age), 'Via', via);
    if (delivery.isUnpacked) weaken(http);
    if (status === 200 && !delivery.isPassed) force(http, 'Accept-Ranges', 'bytes');
    http.isLegal = isLegal;
  },
  storedHead(object, req, hits, now) {
    const numbers = hits > 0 ? `${req.xid} ${object.fetchedBy}` : req.xid;
    const added = `X-Varnish: ${numbers}\r\nAge: ${object.age(now)}\r\nVia: ${via}\r\n`;
    return new VarnishStoredHead(object, object.status === 200 ? `${added}Accept-Ranges: bytes\r\n` : added);
  },
  made(date, xid) {
    const raw = ['Date', date, 'Server', 'Troupe'];
    if (xid !== undefined) raw.push('X-Varnish', xid);
    return new Fields(raw, true);
  },
  phrase: varnishReason,
  head: (response) => new VarnishHead(response),
};

function numbers({ xid }: ClientMessage, { storedBy }: Delivery): string {
  return storedBy === undefined ? xid : `${xid} ${storedBy}`;
}

function without({ raw, isLegal }: Fields, names: ReadonlySet<string>): Fields {
  const kept: string[] = [];
  for (let i = 0; i < raw.length; i += 2) {
    const name = raw[i] as string;
    if (!names.has(name.toLowerCase())) kept.push(name, raw[i + 1] as string);
  }
  return new Fields(kept, isLegal);
}

function drop(fields: Fields, names: ReadonlySet<string>): void {
  const { raw } = without(fields, names);
  fields.raw.length = 0;
  fields.raw.push(...raw);
}

/** One field with one value: where it stands if it says so already, or else at the end. */
function force(fields: Fields, name: string, value: string): void {
  if (fields.get(name) === value) return;
  const { isLegal } = fields;
  fields.set(name, value);
  fields.isLegal = isLegal;
}

/** Makes one field of several, in the place of the first. */
function unset(fields: Fields, name: string): void {
  if (fields.has(name)) fields.unset(name);
}

function collect(fields: Fields, name: string): void {
  const { raw } = fields;
  let first = -1;
  let kept = 0;
  for (let i = 0; i < raw.length; i += 2) {
    const own = raw[i] as string;
    const value = raw[i + 1] as string;
    if (sameName(own, name)) {
      if (first >= 0) {
        raw[first + 1] += `, ${value}`;
        continue;
      }
      first = kept;
    }
    raw[kept] = own;
    raw[kept + 1] = value;
    kept += 2;
  }
  raw.length = kept;
}

/** What is unpacked is not the same, byte for byte. */
function weaken(fields: Fields): void {
  const etag = fields.get('ETag');
  if (etag !== undefined && !etag.startsWith('W/')) fields.set('ETag', `W/${etag}`);
}
