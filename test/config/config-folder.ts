/** Config files in a folder of their own, for tests that load them. */
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { mistakesOf } from '../../src/config/combined-error.ts';
import { loadConfigFile } from '../../src/config/load-file.ts';
import { TroupeError } from '../../src/errors.ts';

export class ConfigFolder {
  readonly path = realpathSync(mkdtempSync(join(tmpdir(), 'troupe-config-')));

  /** @returns absolute path */
  write(name: string, text: string): string {
    const file = join(this.path, name);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
    return file;
  }

  remove(): void {
    rmSync(this.path, { recursive: true, force: true });
  }
}

/** What loading a file fails with. */
export async function loadError(file: string, timeoutMs?: number): Promise<TroupeError> {
  const error: unknown = await loadConfigFile(file, timeoutMs === undefined ? {} : { timeoutMs }).then(
    () => new Error(`${file} was loaded without an error`),
    (thrown: unknown) => thrown,
  );
  if (error instanceof TroupeError) return error;
  throw error;
}

/** One mistake as `LINE:COLUMN message`. */
export function shown(error: TroupeError): string {
  const { place } = error;
  return `${place === undefined ? '' : `${place.line}:${place.column} `}${error.message}`;
}

/** All mistakes of a file, as `LINE:COLUMN message`. */
export async function mistakesIn(file: string): Promise<string[]> {
  return mistakesOf(await loadError(file)).map(shown);
}

/** Line and column of where a piece of text first stands in another, from 1. */
export function placeOf(piece: string, text: string): string {
  const index = text.indexOf(piece);
  if (index < 0) throw new Error(`"${piece}" is not in the text`);
  const before = text.slice(0, index).split('\n');
  return `${before.length}:${(before.at(-1) ?? '').length + 1}`;
}
