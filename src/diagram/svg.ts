/**
 * Writes a drawing as SVG: one file that needs nothing else, is read by a screen reader box by box, and follows the
 * reader's light or dark scheme. Ids begin with the figure's name, so that several can stand in one page.
 */
import type { Drawing, PlacedArrow, PlacedBox, PlacedText, Point } from './drawing.ts';
import { styleSheet } from './svg-style.ts';
import { escapeXml } from './xml.ts';

/** Pixels. */
const HEAD_LENGTH = 8;
const HEAD_WIDTH = 7;
const BEND_RADIUS = 6;

/** The whole file. */
export function svgOf({ figure, width, height, boxes, arrows }: Drawing): string {
  const id = idOf(figure.name);
  const containing = boxes.filter(({ box }) => box.boxes.length > 0);
  const simple = boxes.filter(({ box }) => box.boxes.length === 0);
  const lines = [
    `<svg xmlns="http://www.w3.org/2000/svg" id="${id}" class="troupe-figure" role="graphics-document document" aria-labelledby="${id}-title" aria-describedby="${id}-desc" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`,
    `<title id="${id}-title">${escapeXml(figure.title)}</title>`,
    `<desc id="${id}-desc">${escapeXml(figure.description)}</desc>`,
    `<style>${styleSheet(`#${id}`)}</style>`,
    `<rect class="paper" width="${width}" height="${height}" rx="8"/>`,
    ...containing.map(boxMarkup),
    ...arrows.map(arrowMarkup),
    ...simple.map(boxMarkup),
    ...arrows.map(labelMarkup),
    '</svg>',
  ];
  return `${lines.filter((line) => line !== '').join('\n')}\n`;
}

/** A name that can stand in a selector as it is. */
function idOf(name: string): string {
  return `troupe-${name.replace(/[^A-Za-z0-9_-]/g, (character) => `_${character.codePointAt(0)?.toString(16)}_`)}`;
}

function boxMarkup({ box, x, y, width, height, text }: PlacedBox): string {
  if (box.shape === 'start') {
    const r = width / 2;
    return `<circle class="start" cx="${x + r}" cy="${y + r}" r="${r}"><title>${escapeXml(box.says)}</title></circle>`;
  }
  const radius = box.boxes.length > 0 ? 10 : 7;
  const frame = (inset: number, look: string) =>
    `<rect class="${look}" x="${x + inset}" y="${y + inset}" width="${width - 2 * inset}" height="${height - 2 * inset}" rx="${radius - inset / 2}"/>`;
  const inner = box.shape === 'final' ? frame(3, 'inner') : '';
  const rules = text.block.rules.map(
    (rule) => `<path class="rule" d="M${x + 1} ${text.y + rule + 0.5}H${x + width - 1}"/>`,
  );
  return [
    `<g role="graphics-symbol" aria-label="${escapeXml(box.says)}"><title>${escapeXml(box.says)}</title>`,
    frame(0, `box ${box.shape}`),
    inner,
    ...rules,
    ...textMarkup(text),
    '</g>',
  ]
    .filter((line) => line !== '')
    .join('\n');
}

function textMarkup({ x, y, block }: PlacedText): string[] {
  return block.lines.map(
    ({ text, style, base }) =>
      `<text class="${style}" x="${x}" y="${short(y + base)}">${escapeXml(text)}</text>`,
  );
}

function arrowMarkup({ arrow, points }: PlacedArrow): string {
  const end = points.at(-1);
  const before = points.at(-2);
  if (end === undefined || before === undefined) return '';
  const [start, after] = points as [Point, Point];
  const isDouble = arrow.heads === 'both';
  const path = rounded([
    isDouble ? towards(start, after, HEAD_LENGTH - 1) : start,
    ...points.slice(1, -1),
    towards(end, before, HEAD_LENGTH - 1),
  ]);
  return [
    `<g role="graphics-symbol" aria-label="${escapeXml(arrow.says)}"><title>${escapeXml(arrow.says)}</title>`,
    `<path class="arrow ${arrow.line}" d="${path}"/>`,
    `<path class="head" d="${headPath(end, before)}${isDouble ? headPath(start, after) : ''}"/>`,
    '</g>',
  ].join('\n');
}

function labelMarkup({ label }: PlacedArrow): string {
  return label === undefined ? '' : ['<g class="label">', ...textMarkup(label), '</g>'].join('\n');
}

function headPath(tip: Point, before: Point): string {
  const base = towards(tip, before, HEAD_LENGTH);
  const across = base.x === tip.x ? { x: HEAD_WIDTH / 2, y: 0 } : { x: 0, y: HEAD_WIDTH / 2 };
  return `M${at(tip)}L${at({ x: base.x + across.x, y: base.y + across.y })}L${at({ x: base.x - across.x, y: base.y - across.y })}Z`;
}

/** A line with its corners rounded. */
function rounded(points: readonly Point[]): string {
  const [first, ...rest] = points;
  if (first === undefined) return '';
  let path = `M${at(first)}`;
  rest.forEach((point, index) => {
    const before = points[index] ?? point;
    const after = rest[index + 1];
    if (after === undefined) {
      path += `L${at(point)}`;
      return;
    }
    const radius = Math.min(BEND_RADIUS, distance(before, point) / 2, distance(point, after) / 2);
    path += `L${at(towards(point, before, radius))}Q${at(point)} ${at(towards(point, after, radius))}`;
  });
  return path;
}

/** The point so far from one on the way to another; the way is horizontal or vertical. */
function towards(from: Point, to: Point, by: number): Point {
  return { x: from.x + Math.sign(to.x - from.x) * by, y: from.y + Math.sign(to.y - from.y) * by };
}

const distance = (a: Point, b: Point): number => Math.abs(a.x - b.x) + Math.abs(a.y - b.y);

const at = ({ x, y }: Point): string => `${short(x)} ${short(y)}`;

/** Two digits are more than a screen shows. */
const short = (value: number): string => String(Math.round(value * 100) / 100);
