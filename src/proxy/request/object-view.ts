/** `obj`: a stored object, as a hook reads it. */
import type { CacheObject } from '../../config/hooks.ts';
import type { StoredObject } from '../cache/stored-object.ts';
import type { Fields } from '../http/fields.ts';

export class ObjectView implements CacheObject {
  readonly #object: StoredObject;
  readonly #now: number;
  #fields: Fields | undefined;

  /** @param now milliseconds since 1970 */
  constructor(object: StoredObject, now: number) {
    this.#object = object;
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
    return this.#object.hits;
  }
}
