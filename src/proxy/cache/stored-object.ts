/**
 * One answer in the store, or on its way there: the head as it goes over the wire, the body as it came, and how long
 * it lives. Everything about it that can be known when it is stored is known then, so that a hit only reads.
 */
import { Fields } from '../http/fields.ts';
import type { Ban } from './ban-list.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { CacheTerms } from './cache-terms.ts';
import { flat, inOnePiece } from './flat-text.ts';
import type { ObjectBody } from './object-body.ts';
import { ObjectLife } from './object-life.ts';
import { hasValidator } from './revalidation.ts';
import type { LruNode, Storage } from './storage.ts';

/** What is stored of an answer's head. */
export interface StoredHead {
  readonly status: number;
  readonly reason: string;
  /** End-to-end fields without Age and Content-Length, Via and Date included. */
  readonly fields: Fields;
}

/** Bytes that an object and its entry take beside key, head and body: measured, `npm run bench -- hit`. */
const OBJECT_BYTES = 928;

export class StoredObject implements LruNode {
  lruBefore: LruNode | undefined;
  lruAfter: LruNode | undefined;
  isStored = false;
  holders = 0;
  isOwed = false;
  bytes = 0;
  touchedAt = 0;
  ban: Ban;
  readonly entry: CacheEntry;
  readonly storage: Storage;
  /** Names in Vary; and the values that it was chosen by, as one key. */
  readonly vary: readonly string[];
  readonly variant: string;
  readonly status: number;
  readonly reason: string;
  /** Status line and fields as they go over the wire, but for Age, and what a listener adds. */
  readonly written: string;
  /** Number of the request that fetched it. */
  storedBy = '';
  readonly isGzip: boolean;
  readonly hasValidator: boolean;
  readonly life = new ObjectLife();
  /** Milliseconds since 1970 from which its age counts. */
  readonly origin: number;
  readonly staleIfErrorMs: number;
  readonly mayOutlive: boolean;
  /** Stale from the start: each request asks the origin, and none waits for another's answer. */
  readonly isAlwaysAsked: boolean;
  readonly body: ObjectBody;
  /** Content-Length as the origin gave it, or the size once it is known. */
  length: number | undefined;
  hits = 0;

  /**
   * @param ban the newest one when its fetch began
   * @param now milliseconds since 1970
   */
  constructor(
    entry: CacheEntry,
    storage: Storage,
    vary: readonly string[],
    variant: string,
    head: StoredHead,
    terms: CacheTerms,
    body: ObjectBody,
    ban: Ban,
    now: number,
  ) {
    const { status, reason, fields } = head;
    this.entry = entry;
    this.storage = storage;
    this.vary = vary;
    this.variant = flat(variant);
    this.status = status;
    this.reason = flat(reason);
    this.written = inOnePiece(writtenHead(head));
    this.isGzip = isGzip(fields);
    this.hasValidator = hasValidator(fields);
    this.origin = terms.origin;
    this.staleIfErrorMs = terms.staleIfError;
    this.mayOutlive = terms.mayOutlive;
    this.life.begin(terms);
    this.isAlwaysAsked = this.life.stage(now) !== 'fresh' && this.life.graceUntil <= now;
    this.body = body;
    this.ban = ban;
    this.touchedAt = now;
    this.bytes = OBJECT_BYTES + entry.key.length + this.written.length + variant.length;
  }

  /** A copy of the fields, without Age. */
  fields(): Fields {
    const raw: string[] = [];
    const lines = this.written.split('\r\n');
    for (let i = 1; i < lines.length - 1; i++) {
      const line = lines[i] as string;
      const colon = line.indexOf(':');
      raw.push(line.slice(0, colon), line.slice(colon + 2));
    }
    return new Fields(raw, true);
  }

  /** Whole seconds since it was made. */
  age(now: number): number {
    return Math.max(0, Math.floor((now - this.origin) / 1_000));
  }
}

export function isGzip(fields: Fields): boolean {
  const coding = fields.get('Content-Encoding')?.toLowerCase();
  return coding === 'gzip' || coding === 'x-gzip';
}

function writtenHead({ status, reason, fields }: StoredHead): string {
  let text = `HTTP/1.1 ${status} ${reason}\r\n`;
  const { raw } = fields;
  for (let i = 0; i < raw.length; i += 2) text += `${raw[i] as string}: ${raw[i + 1] as string}\r\n`;
  return text;
}
