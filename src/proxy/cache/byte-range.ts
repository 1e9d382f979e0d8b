/**
 * Range (RFC 9110 section 14): one part of a body that is known as a whole. More parts than one are not made; the
 * whole is as good an answer (section 14.2).
 */

/** Positions of the first and the last byte. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

const single = /^bytes=[ \t]*(\d*)-(\d*)[ \t]*$/i;

/**
 * @param size bytes of the whole
 * @returns `none` if there is nothing to be sent of that range (416); undefined if the field is to be ignored
 */
export function byteRange(field: string, size: number): ByteRange | 'none' | undefined {
  const match = single.exec(field);
  if (match === null) return undefined;
  const [, from = '', to = ''] = match;
  if (from === '') {
    if (to === '') return undefined;
    const suffix = Number(to);
    if (suffix === 0 || size === 0) return 'none';
    return { first: Math.max(0, size - suffix), last: size - 1 };
  }
  const first = Number(from);
  const last = to === '' ? size - 1 : Math.min(Number(to), size - 1);
  if (to !== '' && Number(to) < first) return undefined;
  return first >= size ? 'none' : { first, last };
}
