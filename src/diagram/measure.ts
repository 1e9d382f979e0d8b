/** Gives each text of a figure its lines, and each box and label the room that they need. */
import type { Arrow, Box, Phrase, Shape, TextStyle } from './figure.ts';
import { textWidth, typeScale } from './text-width.ts';
import { wrapText } from './wrap-text.ts';

interface Line {
  readonly text: string;
  readonly style: TextStyle;
  /** Pixels from the upper edge of the text to the line's base. */
  readonly base: number;
  readonly width: number;
}

/** A text in lines. */
export interface TextBlock {
  readonly lines: readonly Line[];
  /** Heights at which a line goes across. */
  readonly rules: readonly number[];
  readonly width: number;
  readonly height: number;
}

/** Widest lines, in pixels. */
export interface Widths {
  readonly box: number;
  readonly frame: number;
  readonly group: number;
  readonly label: number;
}

/** Pixels between a box's border and its text. */
export const PADDING = { x: 12, y: 9 } as const;

/** Pixels above a phrase that stands apart. */
const GAP = 5;
const RULE_GAP = 13;

/** Where the base of a line is, as a part of its height. */
const BASE = 0.74;

export const containers: ReadonlySet<Shape> = new Set(['frame', 'group', 'region']);

export function boxText(box: Box, widths: Widths): TextBlock {
  if (box.shape === 'frame') return setText(box.words, widths.frame);
  return setText(box.words, containers.has(box.shape) ? widths.group : widths.box);
}

export function labelText(arrow: Arrow, widths: Widths): TextBlock {
  return setText(arrow.words, widths.label);
}

function setText(phrases: readonly Phrase[], width: number): TextBlock {
  const lines: Line[] = [];
  const rules: number[] = [];
  let height = 0;
  for (const { text, style, apart } of phrases) {
    if (apart === 'gap') height += GAP;
    if (apart === 'rule') {
      rules.push(height + Math.floor(RULE_GAP / 2));
      height += RULE_GAP;
    }
    const { line } = typeScale[style];
    for (const piece of wrapText(text, style, width)) {
      lines.push({ text: piece, style, base: height + line * BASE, width: textWidth(piece, style) });
      height += line;
    }
  }
  const widest = Math.max(0, ...lines.map((line) => line.width));
  return { lines, rules, width: Math.ceil(widest), height };
}
