import { expect, test } from 'vitest';
import { topologyFigure } from '../../src/diagram/topology.ts';
import { routes } from '../../src/streams/routes.ts';

const figure = topologyFigure();

test('each route is in the topology: on an arrow between the two, or in the box of one that names the other', () => {
  for (const { from, to, event } of routes) {
    const arrow = figure.arrows.find(
      (one) => [one.from, one.to].toSorted().join() === [from, to].toSorted().join(),
    );
    const box = figure.boxes.find(({ id, words }) => {
      const partner = id === from ? `to the ${to}` : id === to ? `from the ${from}` : undefined;
      const index = words.findIndex(({ text }) => text === partner);
      return index > 0 && words[index - 1]?.text.split(', ').includes(event);
    });
    const isOnArrow = arrow?.says.split('\n').includes(`${from} → ${to}: ${event}`) === true;
    expect(isOnArrow || box !== undefined, `${from} → ${to}: ${event}`).toBe(true);
    if (isOnArrow) {
      const shown = arrow?.words.flatMap(({ text }) => text.split(', '));
      expect(shown, `${event} on the arrow from ${from} to ${to}`).toContain(event);
    }
  }
});

test('an arrow has two heads exactly where both speak', () => {
  for (const { from, to, heads } of figure.arrows) {
    const speakers = new Set(
      routes
        .filter((one) => [from, to].includes(one.from) && [from, to].includes(one.to))
        .map((one) => one.from),
    );
    expect(heads === 'both', `${from}, ${to}`).toBe(speakers.size === 2);
  }
});

test('what creates its hearer says so', () => {
  const arrow = figure.arrows.find(({ from, to }) => from === 'supervisor' && to === 'config');
  expect(arrow?.words.map(({ text }) => text).slice(0, 3)).toEqual([
    'to config',
    'config.wanted',
    'creates it',
  ]);
});
