/**
 * How wide a text will be, without a browser: from a table of advance widths of the sans-serif faces that
 * svg-style.ts names first, which all share Helvetica's metrics within a few per cent. Too wide is harmless, too
 * narrow is clipped text; so there is a margin, and what is not in the table counts as wide.
 */
import type { TextStyle } from './figure.ts';

/** Pixels: size of the letters, distance of the lines; and what bold letters take more than regular ones. */
export const typeScale: Readonly<
  Record<TextStyle, { readonly size: number; readonly line: number; readonly weight: number }>
> = {
  title: { size: 16, line: 22, weight: 1.08 },
  name: { size: 13, line: 18, weight: 1.08 },
  text: { size: 12, line: 16, weight: 1 },
  event: { size: 12, line: 16, weight: 1.08 },
  guard: { size: 12, line: 16, weight: 1 },
};

/** Room for other faces of the same metrics, hinting and kerning. */
const MARGIN = 1.06;

/** Thousandths of the letter size, from U+0020 to U+007E. Source: Adobe's font metrics of Helvetica. */
const latin = [
  278, 278, 355, 556, 556, 889, 667, 191, 333, 333, 389, 584, 278, 333, 278, 278, 556, 556, 556, 556, 556,
  556, 556, 556, 556, 556, 278, 278, 584, 584, 584, 556, 1015, 667, 667, 722, 722, 667, 611, 778, 722, 278,
  500, 667, 556, 833, 722, 778, 667, 778, 722, 667, 611, 722, 667, 944, 667, 667, 611, 278, 278, 278, 469,
  556, 333, 556, 556, 500, 556, 556, 278, 556, 556, 222, 222, 500, 222, 833, 556, 556, 556, 556, 333, 500,
  278, 556, 500, 722, 500, 500, 500, 334, 260, 334, 584,
];

/** Alphabets whose widest common letters are no wider than Latin ones; the rest counts as full width. */
const OTHER_ALPHABET = 800;
const FULL_WIDTH = 1_050;
/** Emoji are drawn by a font of their own, wider than its letter size. */
const PICTURE = 1_400;

/** Pixels that a line of text takes at most. */
export function textWidth(text: string, style: TextStyle): number {
  let thousandths = 0;
  for (const character of text) thousandths += advance(character);
  const { size, weight } = typeScale[style];
  return (thousandths / 1_000) * size * weight * MARGIN;
}

function advance(character: string): number {
  const code = character.codePointAt(0) ?? 0;
  const known = latin[code - 0x20];
  if (known !== undefined) return known;
  if (isCombining(code)) return 0;
  if (code < 0x2e80) return code >= 0x2190 && code < 0x2c00 ? FULL_WIDTH : OTHER_ALPHABET;
  return code >= 0x1f000 ? PICTURE : FULL_WIDTH;
}

/** Marks that stand above or below the letter before them. */
function isCombining(code: number): boolean {
  return (code >= 0x300 && code < 0x370) || (code >= 0x20d0 && code < 0x2100) || code === 0x200d;
}
