/** `-s [NAME=]malloc[,SIZE]`, as varnishd writes it: how much the cache may take. */

const units = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/**
 * Several `-s`: here there is one storage, with room for all of them together. `Transient`, varnishd's for what lives
 * shortly, is part of it.
 *
 * @param texts as typed
 * @returns as `parseStorage`
 */
export function parseStorages(texts: readonly string[]): number | undefined | string {
  let sum: number | undefined;
  for (const text of texts) {
    if (/^Transient=malloc(,|$)/i.test(text)) continue;
    const bytes = parseStorage(text);
    if (typeof bytes === 'string') return bytes;
    if (bytes !== undefined) sum = (sum ?? 0) + bytes;
  }
  return sum;
}

/**
 * @param text as typed; `default` is `malloc`
 * @returns bytes; undefined: as many as by default; or a sentence that says what is wrong
 */
export function parseStorage(text: string): number | undefined | string {
  const match = /^(?:[^=,]+=)?(malloc|default)(?:,(.*))?$/.exec(text);
  if (match === null) return `-s ${text}: Troupe stores in memory only; write -s malloc,SIZE.`;
  const size = match[2];
  if (size === undefined || size === '') return undefined;
  const parts = /^(\d+(?:\.\d+)?)([bkmgt]?)b?$/i.exec(size);
  if (parts === null) return `-s ${text}: "${size}" is no size; write bytes, or a unit: 256m, 1.5g.`;
  return Math.floor(Number(parts[1]) * units[(parts[2] ?? '').toLowerCase() as keyof typeof units]);
}
