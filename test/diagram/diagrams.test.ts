/** What stands in `diagrams/` is what the machines and the routing table are now. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { endings, ownSubjects } from '../../src/diagram/subject.ts';

const folder = join(import.meta.dirname, '../../diagrams');
const formats = ['svg', 'mermaid'] as const;
const subjects = ownSubjects();

test.each(subjects.flatMap((subject) => formats.map((format) => [subject.name, format, subject] as const)))(
  '%s is drawn as it is, as %s',
  async (name, format, subject) => {
    const file = join(folder, `${name}.${endings[format]}`);
    const now = await subject.formats[format]?.();
    const drawn = existsSync(file) ? readFileSync(file, 'utf8') : '';
    expect(drawn === now, `${name}.${endings[format]} is not up to date: npm run diagrams`).toBe(true);
  },
);

test('every machine in src/actors is drawn, and nothing that is no more', () => {
  const actors = readdirSync(join(folder, '../src/actors')).filter((file) =>
    readFileSync(join(folder, '../src/actors', file), 'utf8').includes('}).createMachine({'),
  );
  const names = [...actors.map((file) => file.replace(/\.ts$/, '')), 'topology'];
  const files = names.flatMap((name) => formats.map((format) => `${name}.${endings[format]}`));
  expect(readdirSync(folder).toSorted()).toEqual(files.toSorted());
});
