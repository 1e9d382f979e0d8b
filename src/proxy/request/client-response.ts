/**
 * The one response of a request: where its body comes from, and what has been sent of it. What becomes of the request
 * afterwards is its owner's to decide.
 */
import type { ByteRange } from '../cache/byte-range.ts';
import type { StoredObject } from '../cache/stored-object.ts';
import type { Exchange, ResponseBody, ResponseHead } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';
import type { CacheFetch } from './cache-fetch.ts';
import type { RequestEnvironment } from './environment.ts';
import type { LoadedConfig } from './loaded-config.ts';
import type { ClientMessage, ResponseMessage, SyntheticMessage } from './messages.ts';
import { partOf } from './object-part.ts';
import { ObjectReading, type ReadingOwner } from './object-reading.ts';
import { RangedBody } from './ranged-body.ts';
import { wantsMore } from './stored-answer.ts';
import { respondPlainly } from './synthetic.ts';
import { mayHaveBody, transmit, transmitSynthetic } from './transmit.ts';
import { UnpackedBody, type UnpackingOwner, unpackedFields } from './unpacked-body.ts';
import { bareHead } from './varnish-head.ts';

/** Bytes up to which a body is sent in one write with its head. */
const AT_ONCE_BYTES = 64 * 1024;

/** The request that is answered. */
export interface ResponseOwner {
  readonly environment: RequestEnvironment;
  readonly loaded: LoadedConfig;
  readonly exchange: Exchange;
  readonly req: ClientMessage;
  /** The client has got all that there will be. Not called for what was sent when a method returns. */
  responseOver(isWhole: boolean): void;
}

/** Whether the response is complete, or a body follows. */
export type Sent = 'complete' | 'streaming';

export class ClientResponse implements ReadingOwner, UnpackingOwner {
  /** 0 until it begins. */
  status = 0;
  bytesSent = 0;
  reading: ObjectReading | undefined;
  readonly #owner: ResponseOwner;
  /** Under way. */
  #stream: ResponseBody | undefined;
  /** What is read, and has to stay in memory until it was. */
  #held: StoredObject | undefined;
  #unpacked: UnpackedBody | undefined;

  constructor(owner: ResponseOwner) {
    this.#owner = owner;
  }

  get isStreaming(): boolean {
    return this.#stream !== undefined;
  }

  /**
   * Begins an answer that is not kept.
   *
   * @param length of its body, where it was announced
   * @param isPacked whether it was packed for the cache, and the client does not take it so
   */
  beginFetched(
    beresp: ResponseMessage,
    hasBody: boolean,
    length: number | undefined,
    isPacked: boolean,
  ): Sent {
    const { req, loaded } = this.#owner;
    this.status = beresp.status;
    // varnishd looks at conditions and ranges wherever an answer comes from.
    const isPart = loaded.manners.kind === 'varnish' && wantsMore(req.http);
    this.#stream = isPart
      ? this.#beginPart(beresp, hasBody, length, isPacked)
      : this.#begin(beresp, hasBody, length, isPacked);
    return this.#stream === undefined ? 'complete' : 'streaming';
  }

  /** Whether an answer that is not kept may be sent as text. */
  takesText({ status }: ResponseMessage): boolean {
    const { exchange, loaded, req } = this.#owner;
    if (exchange.respondText === undefined || !mayHaveBody(exchange, status)) return false;
    return loaded.manners.kind !== 'varnish' || !wantsMore(req.http);
  }

  /** Sends such an answer. @param body a byte a character (latin1) */
  sendText(beresp: ResponseMessage, body: string): void {
    const { exchange, loaded } = this.#owner;
    this.status = beresp.status;
    this.bytesSent = body.length;
    exchange.respondText?.(loaded.manners.head(beresp, false), body);
  }

  /** @returns false: the client takes no more for now */
  write(chunk: Uint8Array): boolean {
    const stream = this.#stream;
    this.bytesRead(chunk.length);
    return stream === undefined || stream.write(chunk);
  }

  /** Says whom to tell when the client takes more. */
  onRoom(told: () => void): void {
    const stream = this.#stream;
    if (stream !== undefined) stream.onDrain ??= told;
  }

  end(trailers: Fields | undefined): void {
    this.#stream?.end(trailers);
    this.readingOver(true);
  }

  /** Ends it so that the client sees that it is not whole. */
  break(): void {
    this.#stream?.cut();
    this.readingOver(false);
  }

  /** The same, without a word to the owner. */
  cut(): void {
    this.#stream?.cut();
  }

  /** Sends an object as it is stored. */
  sendStored(object: StoredObject, hits: number, now: number, source: CacheFetch | undefined): Sent {
    const { loaded, req } = this.#owner;
    this.status = object.status;
    return this.#sendObject(
      object,
      loaded.manners.storedHead(object, req, hits, now),
      object.length,
      false,
      source,
    );
  }

  /**
   * Sends what is made of an object: its body, a part of it, or none.
   *
   * @param isPacked whether the client does not take it as it is stored
   * @param source brings what has not come yet
   */
  sendDelivered(
    object: StoredObject,
    resp: ResponseMessage,
    isPacked: boolean,
    now: number,
    source: CacheFetch | undefined,
  ): Sent {
    const { req, loaded, exchange } = this.#owner;
    const { manners } = loaded;
    if (isPacked) unpackedFields(resp.http);
    const part = partOf(req, resp, isPacked ? undefined : object.length, now, manners);
    this.status = resp.status;
    const head = manners.head(resp, false);
    if (part?.range !== undefined) return this.#sendPart(object, head, part.range, source);
    if (part === undefined) {
      return this.#sendObject(object, head, isPacked ? undefined : object.length, isPacked, source);
    }
    exchange.respond(head, undefined, part.length);
    return 'complete';
  }

  /**
   * Sends what was made here.
   *
   * @param isConditional whether conditions count
   */
  sendSynthetic(resp: SyntheticMessage, isConditional: boolean): void {
    if (this.#sendSyntheticPart(resp, isConditional)) return;
    const { exchange, loaded } = this.#owner;
    this.status = resp.status;
    this.bytesSent = transmitSynthetic(loaded.manners, exchange, resp);
  }

  /** Sends the head of what was made here, and says nothing of a body. */
  sendSyntheticHead(resp: SyntheticMessage): void {
    const { exchange, loaded } = this.#owner;
    this.status = resp.status;
    exchange.respond(loaded.manners.head(resp, false), undefined);
  }

  /** What varnishd answers where even vcl_synth fails. */
  sendBarely(): void {
    this.status = 500;
    this.#owner.exchange.respond(bareHead, undefined);
  }

  sendPlainly(): void {
    const { environment, exchange } = this.#owner;
    this.status = 503;
    this.bytesSent = respondPlainly(exchange, 503, environment.clock.wallNow());
  }

  /** The request is over. */
  close(): void {
    this.reading?.stop();
    this.#unpacked?.stop();
    if (this.#held !== undefined) this.#owner.environment.store?.letGo(this.#held);
    this.#held = undefined;
  }

  bytesRead(bytes: number): void {
    if (this.#unpacked === undefined) this.bytesSent += bytes;
  }

  readingOver(isWhole: boolean): void {
    if (this.#unpacked === undefined) this.#owner.responseOver(isWhole);
  }

  bytesUnpacked(bytes: number): void {
    this.bytesSent += bytes;
  }

  unpackingOver(isWhole: boolean): void {
    this.#owner.responseOver(isWhole);
  }

  /** @returns where the body goes; undefined: there is none */
  #begin(
    beresp: ResponseMessage,
    hasBody: boolean,
    length: number | undefined,
    isPacked: boolean,
  ): ResponseBody | undefined {
    const { exchange, loaded } = this.#owner;
    if (!isPacked) return transmit(loaded.manners, exchange, beresp, hasBody, length);
    unpackedFields(beresp.http);
    const stream = transmit(loaded.manners, exchange, beresp, hasBody, undefined);
    return stream === undefined ? undefined : this.#unpackTo(stream);
  }

  #beginPart(
    beresp: ResponseMessage,
    hasBody: boolean,
    length: number | undefined,
    isPacked: boolean,
  ): ResponseBody | undefined {
    const { environment, exchange, loaded, req } = this.#owner;
    const { manners } = loaded;
    const now = environment.clock.wallNow();
    const part = partOf(req, beresp, isPacked || !hasBody ? undefined : length, now, manners);
    if (part === undefined) return this.#begin(beresp, hasBody, length, isPacked);
    this.status = beresp.status;
    const head = manners.head(beresp, false);
    if (part.range !== undefined) return new RangedBody(exchange.begin(head, part.length), part.range);
    exchange.respond(head, undefined, part.length);
    return undefined;
  }

  #unpackTo(stream: ResponseBody): UnpackedBody {
    this.#unpacked = new UnpackedBody(stream, this);
    return this.#unpacked;
  }

  #sendObject(
    object: StoredObject,
    head: ResponseHead,
    length: number | undefined,
    isPacked: boolean,
    source: CacheFetch | undefined,
  ): Sent {
    const { exchange } = this.#owner;
    const endsWithHead = exchange.method === 'HEAD' || head.status === 204 || head.status === 304;
    const { text } = object.body;
    if (text !== undefined && !endsWithHead && !isPacked && exchange.respondText !== undefined) {
      exchange.respondText(head, text);
      this.bytesSent = text.length;
      return 'complete';
    }
    const { whole } = object.body;
    const isSmall = whole !== undefined && whole.length <= AT_ONCE_BYTES && !isPacked;
    if (endsWithHead || isSmall || whole?.length === 0) {
      exchange.respond(head, endsWithHead ? undefined : whole, head.status === 204 ? undefined : length);
      if (!endsWithHead && whole !== undefined) this.bytesSent = whole.length;
      return 'complete';
    }
    const stream = exchange.begin(head, length);
    const body = isPacked ? this.#unpackTo(stream) : stream;
    this.#read(object, body, new ObjectReading(object.body, body, this), source);
    return 'streaming';
  }

  #sendPart(
    object: StoredObject,
    head: ResponseHead,
    { first, last }: ByteRange,
    source: CacheFetch | undefined,
  ): Sent {
    const stream = this.#owner.exchange.begin(head, last - first + 1);
    this.#read(object, stream, new ObjectReading(object.body, stream, this, first, last + 1), source);
    return 'streaming';
  }

  #read(
    object: StoredObject,
    stream: ResponseBody,
    reading: ObjectReading,
    source: CacheFetch | undefined,
  ): void {
    this.#stream = stream;
    this.reading = reading;
    this.#held = object;
    this.#owner.environment.store?.hold(object);
    if (source?.object === object) {
      reading.onProgress = (one) => source.progressed(one);
      source.follow(reading);
    }
    reading.pump();
  }

  /** @returns false: the whole is to be sent */
  #sendSyntheticPart(resp: SyntheticMessage, isConditional: boolean): boolean {
    const { environment, exchange, loaded, req } = this.#owner;
    const { manners } = loaded;
    if (manners.kind !== 'varnish' || !wantsMore(req.http)) return false;
    if (!isConditional && !req.http.has('Range')) return false;
    const { body } = resp;
    const bytes = typeof body === 'string' ? Buffer.from(body) : body;
    const part = partOf(req, resp, bytes.length, environment.clock.wallNow(), manners);
    if (part === undefined) return false;
    this.status = resp.status;
    const { range } = part;
    const sent = range === undefined ? undefined : bytes.subarray(range.first, range.last + 1);
    exchange.respond(manners.head(resp, false), sent, part.length);
    this.bytesSent = sent?.length ?? 0;
    return true;
  }
}
