/**
 * How a config speaks with clients and backends: which fields go on, which are added, and how the head of a response
 * is written. What it decides is in its hooks.
 */
import type { CacheTerms } from '../cache/cache-terms.ts';
import type { StoredObject } from '../cache/stored-object.ts';
import type { ResponseHead } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { BackendMessage, ClientMessage, ResponseMessage } from './messages.ts';

/** Where an answer comes from that a client gets. */
export interface Delivery {
  readonly isStored: boolean;
  /** The request that fetched it; undefined: the client's own did. */
  readonly storedBy: string | undefined;
  /** Seconds. */
  readonly age: number;
  /** Whether it was fetched past the cache. */
  readonly isPassed: boolean;
  /** Whether its body is packed, and this client takes it unpacked only. */
  readonly isUnpacked: boolean;
  /** Whether no backend sent it. */
  readonly isMade: boolean;
}

export interface Manners {
  readonly kind: 'rfc' | 'varnish';
  /**
   * A client's request, before hooks see it.
   *
   * @param address of the client; empty: there is none
   * @returns whether it may switch to another protocol without a pipe
   */
  arrive(fields: Fields, address: string): boolean;
  /** A request that recv has sent to the cache, or away, before it is hashed. */
  lookUp(fields: Fields): void;
  /** The fields that go to a backend. @param isPassed whether nobody else gets the answer */
  ask(req: ClientMessage, version: '1.0' | '1.1', isPassed: boolean): Fields;
  /** The fields that go to a backend with which the client is connected. */
  askPiped(req: ClientMessage, version: '1.0' | '1.1'): Fields;
  /** Before the hook backendFetch, each time. */
  attempt(bereq: BackendMessage): void;
  /** An answer before the hook backendResponse. */
  receive(fields: Fields): void;
  /** The same answer behind it. @param isKept whether it goes into the cache */
  accept(fields: Fields, isKept: boolean, hasBody: boolean): void;
  /** The terms of an answer that is for one request only. */
  passedTerms(fields: Fields, now: number): CacheTerms;
  /** Makes a request ask whether a stored object has changed. */
  addConditions(request: Fields, stored: Fields): void;
  /** The fields of an object after a 304. */
  freshened(stored: Fields, notModified: Fields): Fields;
  /** A copy of what is stored of an answer's fields. */
  stored(fields: Fields): Fields;
  /** An answer before the hook deliver. */
  deliver(resp: ResponseMessage, req: ClientMessage, delivery: Delivery): void;
  /** The head of a stored object that no hook wants to see. @param now milliseconds since 1970 */
  storedHead(object: StoredObject, req: ClientMessage, hits: number, now: number): ResponseHead;
  /** The fields of an answer that is made here. @param xid of the client's request; undefined: of a backend's */
  made(date: string, xid: string | undefined): Fields;
  phrase(status: number): string;
  /** The head as it is sent. @param canCarryTrailers whether what frames the body can */
  head(response: ResponseMessage, canCarryTrailers: boolean): ResponseHead;
}
