/** `obj`: a stored object, as a hook reads it. */
import type { CacheObject } from '../../config/hooks.ts';
import { TRANSIENT } from '../cache/object-store.ts';
import type { StoredObject } from '../cache/stored-object.ts';
import type { Fields } from '../http/fields.ts';
import { BackendResponseMessage } from './backend-response.ts';
import type { ResponseMessage } from './messages.ts';

export class ObjectView implements CacheObject {
  readonly #object: StoredObject;
  readonly #now: number;
  readonly #hits: number;
  #fields: Fields | undefined;

  /** @param now milliseconds since 1970 */
  constructor(object: StoredObject, hits: number, now: number) {
    this.#object = object;
    this.#hits = hits;
    this.#now = now;
  }

  get status(): number {
    return this.#object.status;
  }

  get reason(): string {
    return this.#object.reason;
  }

  get http(): Fields {
    this.#fields ??= this.#object.fields();
    return this.#fields;
  }

  get ttl(): number {
    return this.#object.life.freshUntil - this.#now;
  }

  get grace(): number {
    const { graceUntil, freshUntil } = this.#object.life;
    return graceUntil - freshUntil;
  }

  get keep(): number {
    const { keepUntil, graceUntil } = this.#object.life;
    return keepUntil - graceUntil;
  }

  get age(): number {
    return this.#now - this.#object.origin;
  }

  get hits(): number {
    return this.#hits;
  }

  get uncacheable(): boolean {
    return false;
  }

  get storage(): string {
    return this.#object.storage.name;
  }
}

/** `obj` of an answer that does not come from the cache. */
export class FetchedView implements Omit<CacheObject, 'status' | 'reason' | 'http'> {
  readonly hits = 0;
  readonly #beresp: ResponseMessage;

  constructor(beresp: ResponseMessage) {
    this.#beresp = beresp;
  }

  get ttl(): number {
    return this.#read('ttl');
  }

  get grace(): number {
    return this.#read('grace');
  }

  get keep(): number {
    return this.#read('keep');
  }

  get age(): number {
    return this.#read('age');
  }

  get uncacheable(): boolean {
    return this.#beresp instanceof BackendResponseMessage ? this.#beresp.uncacheable : true;
  }

  /** What is not kept takes memory for as long as it is sent. */
  get storage(): string {
    const isKept = this.#beresp instanceof BackendResponseMessage;
    return (isKept ? this.#beresp.storage : undefined) ?? TRANSIENT;
  }

  #read(name: 'ttl' | 'grace' | 'keep' | 'age'): number {
    return this.#beresp instanceof BackendResponseMessage ? this.#beresp[name] : 0;
  }
}
