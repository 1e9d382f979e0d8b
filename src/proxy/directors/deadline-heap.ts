/**
 * A binary heap of things with a deadline, the earliest on top. Each thing knows its slot, so that it can be
 * taken out or put off from anywhere: there are never stale ones inside. Cost: O(log n) a change.
 */
export interface Dated {
  deadline: number;
  /** The heap's: where it put the thing. */
  slot: number;
}

export class DeadlineHeap<Thing extends Dated> {
  readonly #things: Thing[] = [];

  /** The one with the earliest deadline. */
  get first(): Thing | undefined {
    return this.#things[0];
  }

  add(thing: Thing): void {
    this.#things.push(thing);
    this.#rise(thing, this.#things.length - 1);
  }

  /** Takes out a thing that is inside. */
  remove(thing: Thing): void {
    const last = this.#things.pop();
    if (last === undefined || last === thing) return;
    this.#rise(last, thing.slot);
    this.#sink(last, last.slot);
  }

  /** Moves a thing that is inside to a later deadline. */
  putOff(thing: Thing, deadline: number): void {
    thing.deadline = deadline;
    this.#sink(thing, thing.slot);
  }

  #rise(thing: Thing, from: number): void {
    let slot = from;
    while (slot > 0) {
      const parentSlot = (slot - 1) >>> 1;
      const parent = this.#things[parentSlot] as Thing;
      if (parent.deadline <= thing.deadline) break;
      this.#place(parent, slot);
      slot = parentSlot;
    }
    this.#place(thing, slot);
  }

  #sink(thing: Thing, from: number): void {
    let slot = from;
    for (;;) {
      const left = this.#things[2 * slot + 1];
      const right = this.#things[2 * slot + 2];
      const child =
        right !== undefined && left !== undefined && right.deadline < left.deadline ? right : left;
      if (child === undefined || thing.deadline <= child.deadline) break;
      const childSlot = child.slot;
      this.#place(child, slot);
      slot = childSlot;
    }
    this.#place(thing, slot);
  }

  #place(thing: Thing, slot: number): void {
    this.#things[slot] = thing;
    thing.slot = slot;
  }
}
