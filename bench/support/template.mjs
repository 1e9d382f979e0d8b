/** Configuration files of other programs: kept as readable templates, filled in for one run. */
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { fileURLToPath } from 'node:url';

/**
 * Writes a copy with each `@name@` replaced by its value.
 *
 * @param {URL} template
 * @param {string} dir where the copy goes
 * @param {Record<string, string | number>} values
 * @returns {string} path of the copy
 */
export function fillTemplate(template, dir, values) {
  const text = readFileSync(template, 'utf8').replace(/@(\w+)@/g, (_, name) => {
    const value = values[name];
    if (value === undefined) throw new Error(`${template}: nothing to put in place of @${name}@`);
    return String(value);
  });
  const path = join(dir, basename(fileURLToPath(template)));
  writeFileSync(path, text);
  return path;
}
