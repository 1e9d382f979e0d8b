import { test } from '@fast-check/vitest';
import { describe, expect } from 'vitest';
import { chartFigure } from '../../src/diagram/chart-figure.ts';
import type { Drawing } from '../../src/diagram/drawing.ts';
import type { Box } from '../../src/diagram/figure.ts';
import { drawing } from '../../src/diagram/layout.ts';
import { chartOf } from '../../src/diagram/state-chart.ts';
import { ownSubjects } from '../../src/diagram/subject.ts';
import { svgOf } from '../../src/diagram/svg.ts';
import { elementsOf, parseXml } from '../support/parse-xml.ts';
import { randomMachine } from '../support/random-machine.ts';

/** A box of a figure below the other, each with its name as text. */
function column(boxes: readonly Box[], name: string): Drawing {
  const placed = boxes.map((box, index) => {
    const [word = { text: '', style: 'text' as const }] = box.words;
    const block = { lines: [{ ...word, base: 10, width: 10 }], rules: [], width: 10, height: 16 };
    const area = { x: 0, y: index * 20, width: 100, height: 20 };
    return { ...area, box, text: { ...area, block } };
  });
  return {
    figure: { name, title: name, description: name, boxes, arrows: [] },
    width: 100,
    height: 900,
    boxes: placed,
    arrows: [],
  };
}

/** What XML has no characters for. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const illegal = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

describe('an SVG', () => {
  test.prop([randomMachine])('says whatever is in the names, and is well-formed', (machine) => {
    const { boxes } = chartFigure(chartOf(machine));
    const [root] = boxes;
    if (root === undefined) throw new Error('there is no machine');
    const all = [root, ...root.boxes].map((box) => ({ ...box, boxes: [] }));
    const svg = parseXml(svgOf(column(all, root.says)));
    const texts = elementsOf(svg).filter(({ tag }) => tag === 'text');
    const names = all.flatMap(({ shape, words: [word] }) => (shape === 'start' ? [] : [word?.text ?? '']));
    const legal = (text: string) => text.replace(illegal, '\uFFFD');
    expect(texts.map(({ text }) => text)).toEqual(names.map(legal));
  });

  test('is told of by its title and description, box by box and arrow by arrow', async () => {
    const poller = ownSubjects().find(({ name }) => name === 'poller');
    if (poller === undefined) throw new Error('there is no poller');
    const svg = parseXml(svgOf(await drawing(poller.figure)));
    const [title, description] = svg.children;
    expect(svg.attributes['role']).toBe('graphics-document document');
    expect(title?.attributes['id']).toBe(svg.attributes['aria-labelledby']);
    expect([title?.tag, title?.text]).toEqual(['title', 'poller']);
    expect(description?.attributes['id']).toBe(svg.attributes['aria-describedby']);
    expect([description?.tag, description?.text]).toEqual([
      'desc',
      'Probes one backend identity with the probe of one elected config.',
    ]);
    const labels = elementsOf(svg).flatMap(({ attributes }) => attributes['aria-label'] ?? []);
    expect(labels).toContain('state probing: A probe is under way.');
    expect(
      labels.some((label) => label.startsWith('scheduled → probing\nafter interval: One interval')),
    ).toBe(true);
  });

  test('of one figure shares no id with that of another, so that both can stand in a page', () => {
    const ids = ownSubjects().flatMap(({ figure }) =>
      elementsOf(parseXml(svgOf(column([], figure.name)))).flatMap(({ attributes: { id } }) => id ?? []),
    );
    expect(new Set(ids).size).toBe(ids.length);
    expect(ids.length).toBeGreaterThan(20);
  });
});
