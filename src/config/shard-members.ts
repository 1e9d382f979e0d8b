/**
 * How the member list of a shard director changes: in batches, as `xshard.reconfigure()` does it. The order
 * decides only between members that have the same point, but there it must be varnishd's: a member that is
 * added takes the place of one that the same batch has removed, and what is still open in the end is
 * closed with members from the end.
 */

/** What tells the members of a shard director apart: the same target may be there under several idents. */
export interface ShardEntry<Target> {
  readonly target: Target;
  /** What is hashed; by default the target's name. */
  readonly ident: string;
}

/** One call. `remove` without an ident: every instance of the target. */
export type ShardChange<Target, Entry extends ShardEntry<Target>> =
  | { readonly type: 'add'; readonly entry: Entry }
  | { readonly type: 'remove'; readonly target?: Target | undefined; readonly ident?: string | undefined }
  | { readonly type: 'clear' };

export interface ShardMembers<Target, Entry extends ShardEntry<Target>> {
  readonly members: Entry[];
  readonly added: readonly Entry[];
  readonly removed: readonly Entry[];
  /** Not added, because their ident was there already. */
  readonly skipped: readonly Entry[];
}

/** Cost: O(members + changes), and O(members) more for each removal. */
export function changeMembers<Target, Entry extends ShardEntry<Target>>(
  before: readonly Entry[],
  changes: readonly ShardChange<Target, Entry>[],
): ShardMembers<Target, Entry> {
  const slots: (Entry | undefined)[] = [...before];
  const idents = new Set(before.map(({ ident }) => ident));
  const added = new Set<Entry>();
  const removed: Entry[] = [];
  const skipped: Entry[] = [];
  let firstHole = slots.length;

  function free(at: number, entry: Entry): void {
    slots[at] = undefined;
    idents.delete(entry.ident);
    // What came and went within the batch was never there.
    if (!added.delete(entry)) removed.push(entry);
    firstHole = Math.min(firstHole, at);
  }

  for (const change of changes) {
    switch (change.type) {
      case 'clear':
        for (const [at, entry] of slots.entries()) if (entry !== undefined) free(at, entry);
        slots.length = 0;
        firstHole = 0;
        break;
      case 'add': {
        const { entry } = change;
        if (idents.has(entry.ident)) {
          skipped.push(entry);
          break;
        }
        while (firstHole < slots.length && slots[firstHole] !== undefined) firstHole++;
        slots[firstHole++] = entry;
        idents.add(entry.ident);
        added.add(entry);
        break;
      }
      case 'remove':
        for (const [at, entry] of slots.entries()) {
          if (entry !== undefined && isMeant(change, entry)) free(at, entry);
        }
        break;
      default:
        change satisfies never;
    }
    while (slots.length > 0 && slots.at(-1) === undefined) slots.pop();
  }
  return { members: closed(slots), added: [...added], removed, skipped };
}

function isMeant<Target>(
  { target, ident }: { readonly target?: Target | undefined; readonly ident?: string | undefined },
  entry: ShardEntry<Target>,
): boolean {
  return ident === undefined ? entry.target === target : entry.ident === ident;
}

/** Moves members from the end into the holes, the first hole first. */
function closed<Entry>(slots: (Entry | undefined)[]): Entry[] {
  for (let at = 0; at < slots.length; at++) {
    while (slots.length > 0 && slots.at(-1) === undefined) slots.pop();
    if (at < slots.length && slots[at] === undefined) slots[at] = slots.pop();
  }
  return slots as Entry[];
}
