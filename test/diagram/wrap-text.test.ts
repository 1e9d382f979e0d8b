import { fc, test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { textWidth } from '../../src/diagram/text-width.ts';
import { wrapText } from '../../src/diagram/wrap-text.ts';

const texts = fc.oneof(fc.lorem(), fc.string({ unit: 'grapheme' }), fc.string({ unit: 'binary' }));
const graphemes = (text: string) => [...new Intl.Segmenter('en').segment(text)].map(({ segment }) => segment);

describe('a text in lines', () => {
  test.prop([texts, fc.integer({ min: 20, max: 300 })])('has all letters, in order', (text, width) => {
    const bare = (some: string) => some.replace(/\s/g, '');
    expect(bare(wrapText(text, 'text', width).join(''))).toBe(bare(text));
  });

  test.prop([texts, fc.integer({ min: 20, max: 300 })])('is no wider, unless a letter is', (text, width) => {
    for (const line of wrapText(text, 'text', width)) {
      if (graphemes(line).length > 1) expect(textWidth(line, 'text')).toBeLessThanOrEqual(width);
    }
  });

  test.each([
    ['breaks at spaces', 'one two three', ['one two', 'three'], 50],
    ['breaks names at their joints', 'backend.set-health', ['backend.', 'set-health'], 60],
    ['breaks what has no joints between letters', 'mmmmmmmm', ['mmmm', 'mmmm'], 50],
    ['is one empty line for no text', '', [''], 50],
  ])('%s', (_, text, lines, width) => {
    expect(wrapText(text, 'text', width)).toEqual(lines);
  });

  test('keeps a letter and its marks together', () => {
    const flags = '👩‍👩‍👧'.repeat(6);
    for (const line of wrapText(flags, 'text', 60)) expect(line).toMatch(/^(?:👩‍👩‍👧)+$/u);
  });
});
