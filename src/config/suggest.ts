/** "Did you mean": the one known name that a mistyped one is closest to. */

/**
 * The nearest candidate, if it is near enough to be what was meant: up to a third of its letters differ, or
 * only case and separators do (`max_connections`, `MaxConnections`).
 */
export function suggest(typed: string, candidates: Iterable<string>): string | undefined {
  let best: string | undefined;
  let bestDistance = Number.POSITIVE_INFINITY;
  for (const candidate of candidates) {
    const distance = plain(typed) === plain(candidate) ? 0 : editDistance(typed, candidate);
    if (distance > Math.max(1, Math.floor(candidate.length / 3)) || distance >= bestDistance) continue;
    best = candidate;
    bestDistance = distance;
  }
  return best;
}

/** The clause to put behind a sentence: ` Did you mean 'port'?`, or nothing. */
export function didYouMean(typed: string, candidates: Iterable<string>): string | undefined {
  const meant = suggest(typed, candidates);
  return meant === undefined ? undefined : `Did you mean '${meant}'?`;
}

function plain(name: string): string {
  return name.replace(/[_.-]/g, '').toLowerCase();
}

/** Letters to insert, drop, change, or swap with their neighbour, at least. Names are short: O(n·m). */
function editDistance(a: string, b: string): number {
  let beforeLast: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const changed = (last[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      let least = Math.min(changed, (last[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1);
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) least = Math.min(least, (beforeLast[j - 2] ?? 0) + 1);
      row.push(least);
    }
    beforeLast = last;
    last = row;
  }
  return last[b.length] ?? 0;
}
