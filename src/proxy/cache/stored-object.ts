/**
 * One answer in the store, or on its way there: the head as it goes over the wire, the body as it came, and how long
 * it lives. Everything about it that can be known when it is stored is known then, so that a hit only reads.
 */
import { STATUS_CODES } from 'node:http';
import { Fields } from '../http/fields.ts';
import type { Ban } from './ban-list.ts';
import type { CacheEntry } from './cache-entry.ts';
import type { CacheTerms } from './cache-terms.ts';
import { flat, inOnePiece } from './flat-text.ts';
import type { LruList, LruNode } from './lru-list.ts';
import type { ObjectBody } from './object-body.ts';
import { endsOf, ObjectLife } from './object-life.ts';
import { hasValidator } from './revalidation.ts';
import type { Storage } from './storage.ts';

/** What is stored of an answer's head. */
export interface StoredHead {
  readonly status: number;
  readonly reason: string;
  /** End-to-end fields without Age and Content-Length, Via and Date included. */
  readonly fields: Fields;
}

/** What an object is made of, without its body. */
export interface ObjectState {
  /** Names in Vary; and the values that it was chosen by, as one key. */
  readonly vary: readonly string[];
  readonly variant: string;
  readonly status: number;
  readonly reason: string;
  /** Status line and fields as they go over the wire, but for Age, and what a listener adds. */
  readonly written: string;
  readonly isGzip: boolean;
  readonly hasValidator: boolean;
  /** Milliseconds since 1970 from which its age counts. */
  readonly origin: number;
  /** Milliseconds since 1970 of the ends of its ttl, its grace and its keep. */
  readonly freshUntil: number;
  readonly graceUntil: number;
  readonly keepUntil: number;
  readonly staleIfErrorMs: number;
  readonly mayOutlive: boolean;
  /** Stale from the start: each request asks the origin, and none waits for another's answer. */
  readonly isAlwaysAsked: boolean;
}

/** Bytes that an object and its entry take beside key, head and body: measured, `npm run bench -- memory`. */
const OBJECT_BYTES = 750;

export class StoredObject implements LruNode, ObjectState {
  list: LruList | undefined;
  lruBefore: LruNode | undefined;
  lruAfter: LruNode | undefined;
  isStored = false;
  holders = 0;
  isOwed = false;
  bytes: number;
  touchedAt: number;
  ban: Ban;
  readonly entry: CacheEntry;
  readonly storage: Storage;
  readonly vary: readonly string[];
  readonly variant: string;
  readonly status: number;
  readonly reason: string;
  readonly written: string;
  /** Number of the request that fetched it; 0: none did. */
  fetchedBy = 0;
  readonly isGzip: boolean;
  readonly hasValidator: boolean;
  readonly life: ObjectLife;
  readonly origin: number;
  readonly staleIfErrorMs: number;
  readonly mayOutlive: boolean;
  readonly isAlwaysAsked: boolean;
  readonly body: ObjectBody;
  /** Content-Length as the origin gave it, or the size once it is known. */
  length: number | undefined;
  hits = 0;

  /**
   * @param ban the newest one when its fetch began
   * @param touchedAt as `useTime` says
   */
  constructor(
    entry: CacheEntry,
    storage: Storage,
    state: ObjectState,
    body: ObjectBody,
    ban: Ban,
    touchedAt: number,
  ) {
    const { vary, variant, status, reason, written } = state;
    this.entry = entry;
    this.storage = storage;
    this.vary = vary;
    this.variant = variant;
    this.status = status;
    this.reason = reason;
    this.written = written;
    this.isGzip = state.isGzip;
    this.hasValidator = state.hasValidator;
    this.origin = state.origin;
    this.staleIfErrorMs = state.staleIfErrorMs;
    this.mayOutlive = state.mayOutlive;
    this.life = new ObjectLife(state);
    this.isAlwaysAsked = state.isAlwaysAsked;
    this.body = body;
    this.ban = ban;
    this.touchedAt = touchedAt;
    this.bytes = OBJECT_BYTES + entry.key.length + written.length + variant.length + body.bytes;
  }

  get heapBytes(): number {
    return this.mayRest ? this.bytes : this.bytes - this.body.size;
  }

  /** Whether it could come to rest outside the engine's heap: what is large is there already, mostly. */
  get mayRest(): boolean {
    return this.body.text !== undefined;
  }

  /** The ends of its life, as a soft purge may have changed them. */
  get freshUntil(): number {
    return this.life.freshUntil;
  }

  get graceUntil(): number {
    return this.life.graceUntil;
  }

  get keepUntil(): number {
    return this.life.keepUntil;
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

/** @param now milliseconds since 1970 */
export function describeObject(
  head: StoredHead,
  terms: CacheTerms,
  vary: readonly string[],
  variant: string,
  now: number,
): ObjectState {
  const { status, reason, fields } = head;
  const { origin, staleIfError, mayOutlive } = terms;
  const { freshUntil, graceUntil, keepUntil } = endsOf(terms);
  const phrase = STATUS_CODES[status];
  return {
    vary,
    variant: flat(variant),
    status,
    reason: reason === phrase ? phrase : flat(reason),
    written: inOnePiece(writtenHead(head)),
    isGzip: isGzip(fields),
    hasValidator: hasValidator(fields),
    origin,
    freshUntil,
    graceUntil,
    keepUntil,
    staleIfErrorMs: staleIfError,
    mayOutlive,
    isAlwaysAsked: now >= freshUntil && now >= graceUntil,
  };
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
