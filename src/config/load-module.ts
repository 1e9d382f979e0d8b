/**
 * Evaluates a module of a user's: it and its imports anew, so that loadings share nothing with each other. Whatever goes
 * wrong becomes an error with its place in the file.
 */
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { TroupeError } from '../errors.ts';
import { ModuleRunner, type Namespace } from './module-runner.ts';
import { providedModules } from './provided-modules.ts';
import { showValue } from './show-value.ts';
import { SourceFiles } from './source-files.ts';
import { refusingStrays } from './stray-rejections.ts';

/** Milliseconds; for a config that waits for something at its top level. */
const DEFAULT_TIMEOUT_MS = 10_000;

const readable = new Set(['.vcl', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/** A module as it was evaluated, and the way back to its text. */
export interface LoadedModule {
  /** Absolute path. */
  readonly file: string;
  readonly files: SourceFiles;
  readonly namespace: Namespace;
}

/**
 * Evaluates a module as a config is, whatever it exports.
 *
 * @throws TroupeError `config.unreadable`, `config.syntax`, `config.invalid`
 */
export async function loadModule(
  path: string,
  options: { readonly timeoutMs?: number | undefined } = {},
): Promise<LoadedModule> {
  const file = await expectReadable(path);
  const files = SourceFiles.ofLoad();
  const namespace = await evaluate(file, files, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return { file, files, namespace };
}

/**
 * @param path as it was given, which is how its giver knows it
 * @returns the absolute one
 * @throws TroupeError `config.unreadable`
 */
export async function expectReadable(path: string): Promise<string> {
  const file = resolve(path);
  const refuse = (what: string, advice?: string, cause?: unknown) =>
    new TroupeError('config.unreadable', `${path}: ${what}`, { side: 'troupe', advice, cause });
  const extension = extname(file);
  const found = await stat(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') throw refuse('there is no such file.', undefined, error);
    throw refuse(`this file cannot be read: ${error.message}.`, undefined, error);
  });
  if (found.isDirectory()) throw refuse('this is a directory.', 'Name the file with the config in it.');
  if (!readable.has(extension)) {
    throw refuse(
      'a config is a VCL file (.vcl), or a TypeScript or JavaScript module (.ts, .mts, .js, .mjs).',
    );
  }
  await readFile(file).catch((error: Error) => {
    throw refuse(`this file cannot be read: ${error.message}.`, undefined, error);
  });
  return file;
}

async function evaluate(file: string, files: SourceFiles, timeoutMs: number): Promise<Namespace> {
  try {
    return await refusingStrays(
      () => withinTime(new ModuleRunner(files, providedModules).run(file), file, timeoutMs),
      (reason) => !(reason instanceof Error) || files.thrown(reason) !== undefined,
    );
  } catch (error) {
    throw failure(error, file, files);
  }
}

function withinTime<T>(work: Promise<T>, file: string, timeoutMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      const message = `the file did not finish loading within ${timeoutMs / 1_000} s: it waits for something at its top level.`;
      const place = { file, line: 1, column: 1 };
      reject(
        new TroupeError('config.invalid', message, { side: 'troupe', place, advice: 'Look at its awaits.' }),
      );
    }, timeoutMs);
    work.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

/** What a file threw, with the place where it did. */
function failure(error: unknown, file: string, files: SourceFiles): TroupeError {
  const place = files.thrown(error) ?? { file, line: 1, column: 1 };
  if (error instanceof TroupeError) {
    if (error.place !== undefined) return error;
    const { code, message, side, retryable, advice } = error;
    return new TroupeError(code, message, { side, retryable, advice, place, cause: error });
  }
  const what = error instanceof Error ? `${error.name}: ${error.message}` : showValue(error);
  return new TroupeError('config.invalid', `the file threw while it was loaded: ${what}`, {
    side: 'troupe',
    place,
    cause: error,
  });
}
