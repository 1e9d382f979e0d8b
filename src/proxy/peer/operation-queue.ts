/**
 * First in, first out: a ring that grows, so that taking from the front costs as little as adding at the end.
 * What a retry puts back goes to the front: it was there first.
 */
export class OperationQueue<Item> {
  /** Its length is a power of two. */
  #ring: (Item | undefined)[] = new Array(16);
  #first = 0;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** The next one to be taken. */
  get first(): Item | undefined {
    return this.#length === 0 ? undefined : this.#ring[this.#first];
  }

  push(item: Item): void {
    this.#makeRoom();
    this.#ring[(this.#first + this.#length) & (this.#ring.length - 1)] = item;
    this.#length++;
  }

  unshift(item: Item): void {
    this.#makeRoom();
    this.#first = (this.#first - 1) & (this.#ring.length - 1);
    this.#ring[this.#first] = item;
    this.#length++;
  }

  shift(): Item | undefined {
    if (this.#length === 0) return undefined;
    const item = this.#ring[this.#first];
    this.#ring[this.#first] = undefined;
    this.#first = (this.#first + 1) & (this.#ring.length - 1);
    this.#length--;
    return item;
  }

  #makeRoom(): void {
    if (this.#length < this.#ring.length) return;
    const ring = this.#ring;
    const inOrder = [...ring.slice(this.#first), ...ring.slice(0, this.#first)];
    this.#ring = inOrder.concat(new Array(ring.length));
    this.#first = 0;
  }
}
