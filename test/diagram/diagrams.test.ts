/** What stands in `diagrams/` is what the machines and the routing table are now, and can be read. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { drawingFaults } from '../../src/diagram/drawing-faults.ts';
import { drawing } from '../../src/diagram/layout.ts';
import { ownSubjects } from '../../src/diagram/subject.ts';
import { svgOf } from '../../src/diagram/svg.ts';

const root = join(import.meta.dirname, '../..');
const subjects = ownSubjects().map((subject) => [subject.name, subject] as const);

function expectUpToDate(file: string, now: string | undefined): void {
  const path = join(root, 'diagrams', file);
  const drawn = existsSync(path) ? readFileSync(path, 'utf8') : undefined;
  // Not toBe(now): a difference of two drawings tells nobody anything.
  expect(drawn === now, `diagrams/${file} is up to date; if it is not: npm run diagrams`).toBe(true);
}

test.each(subjects)(
  '%s.svg is up to date, and nothing in it overlaps or is cut off',
  async (name, subject) => {
    const drawn = await drawing(subject.figure);
    expect(drawingFaults(drawn)).toEqual([]);
    expectUpToDate(`${name}.svg`, svgOf(drawn));
  },
);

test.each(subjects)('%s.mmd is up to date', async (name, { formats }) => {
  expectUpToDate(`${name}.mmd`, await formats.mermaid?.());
});

test('every machine in src/actors is drawn, and nothing that is no more', () => {
  const actors = readdirSync(join(root, 'src/actors')).filter((file) =>
    readFileSync(join(root, 'src/actors', file), 'utf8').includes('}).createMachine({'),
  );
  const names = [...actors.map((file) => file.replace(/\.ts$/, '')), 'topology'];
  const files = names.flatMap((name) => [`${name}.mmd`, `${name}.svg`]);
  expect(readdirSync(join(root, 'diagrams')).toSorted()).toEqual(files.toSorted());
});
