/** Pages of what may be long: an answer must not hold the event loop up, whatever there is. */

export interface PageQuery {
  readonly from?: number | undefined;
  readonly limit?: number | undefined;
}

export interface Page<Item> {
  readonly items: readonly Item[];
  /** undefined: this was the last one. */
  readonly next: number | undefined;
}

/**
 * One page.
 *
 * @param most entries on a page, at most, whatever is asked for
 */
export function pageOf<Item>(all: readonly Item[], { from = 0, limit }: PageQuery, most: number): Page<Item> {
  const length = Math.max(1, Math.min(limit ?? most, most));
  const items = all.slice(from, from + length);
  return { items, next: from + length < all.length ? from + length : undefined };
}

/** `next` as answers have it: absent on the last page. */
export function nextOf({ next }: Page<unknown>): { next?: number } {
  return next === undefined ? {} : { next };
}
