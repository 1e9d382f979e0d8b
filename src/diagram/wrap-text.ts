/**
 * Breaks a text into lines that fit a width: at spaces; within a word only if it is too long for a line, and then
 * where names have their joints (after a dot, slash, hyphen or underscore, before a capital).
 */
import type { TextStyle } from './figure.ts';
import { textWidth } from './text-width.ts';

/**
 * @param width pixels
 * @returns at least one line; none is wider unless a single letter is
 */
export function wrapText(text: string, style: TextStyle, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  const put = (piece: string, glue: string): void => {
    const longer = line === '' ? piece : line + glue + piece;
    if (textWidth(longer, style) <= width) {
      line = longer;
    } else {
      if (line !== '') lines.push(line);
      line = piece;
    }
  };
  for (const word of text.split(/\s+/).filter((one) => one !== '')) {
    if (textWidth(word, style) <= width) {
      put(word, ' ');
      continue;
    }
    // A part of a name begins on the line that it is found on only if it is the first part.
    joints(word, style, width).forEach((part, index) => {
      put(part, index === 0 ? ' ' : '');
    });
  }
  return line === '' && lines.length > 0 ? lines : [...lines, line];
}

/** A word in parts that fit. */
function joints(word: string, style: TextStyle, width: number): string[] {
  const parts = word.split(/(?<=[./\-_:,])|(?<=\p{Ll})(?=\p{Lu})/u);
  return parts.flatMap((part) => (textWidth(part, style) <= width ? [part] : letters(part, style, width)));
}

/** Between any two letters as readers see them: a letter and its marks stay together. */
function letters(part: string, style: TextStyle, width: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const { segment } of segmenter.segment(part)) {
    if (line !== '' && textWidth(line + segment, style) > width) {
      lines.push(line);
      line = '';
    }
    line += segment;
  }
  return line === '' ? lines : [...lines, line];
}

const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });
