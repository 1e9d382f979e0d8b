/** The files that a pattern of glob(7) names: `*`, `?` and `[...]` in any part of a path; none begins with a point by itself. */
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { fnmatch } from './vmods/fnmatch.ts';

const wild = /[*?[]/;

/**
 * @param pattern absolute path, in which parts may be patterns
 * @returns absolute paths, in the order of their bytes
 */
export function globFiles(pattern: string): string[] {
  let found = ['/'];
  for (const part of pattern.split('/').filter((one) => one !== '')) {
    found = found.flatMap((folder) => (wild.test(part) ? matching(folder, part) : [join(folder, part)]));
  }
  return found.filter(exists).sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
}

function matching(folder: string, pattern: string): string[] {
  const flags = { pathname: true, noescape: false, period: true };
  return namesIn(folder)
    .filter((name) => fnmatch(pattern, name, flags))
    .map((name) => join(folder, name));
}

/** A folder that cannot be read has nothing in it. */
function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
}

function exists(file: string): boolean {
  return statSync(file, { throwIfNoEntry: false }) !== undefined;
}
