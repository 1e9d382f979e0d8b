/**
 * Loads a config file: evaluates it and its imports anew, takes the config that it exports, and turns whatever
 * goes wrong into an error with its place in the file. Loadings share nothing with each other.
 */
import { readFile, stat } from 'node:fs/promises';
import { extname, resolve } from 'node:path';
import { type ErrorCode, type Place, TroupeError } from '../errors.ts';
import type { VclOptions } from '../vcl/load-vcl.ts';
import { buildConfig } from './build-config.ts';
import { checkConfig } from './check-config.ts';
import { combined } from './combined-error.ts';
import type { Config } from './config.ts';
import { definitionOf } from './define-config.ts';
import { ModuleRunner, type Namespace } from './module-runner.ts';
import { providedModules } from './provided-modules.ts';
import { showValue } from './show-value.ts';
import { SourceFiles } from './source-files.ts';
import { refusingStrays } from './stray-rejections.ts';

/** Milliseconds; for a config that waits for something at its top level. */
const DEFAULT_TIMEOUT_MS = 10_000;

const readable = new Set(['.vcl', '.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

export interface LoadOptions {
  /** Milliseconds that the file may take to be evaluated. A loop that never ends cannot be bounded. Default: 10,000. */
  readonly timeoutMs?: number;
  readonly vcl?: VclOptions | undefined;
}

/**
 * Loads a config from a VCL file, or a TypeScript or JavaScript module.
 *
 * @throws TroupeError `config.unreadable`, `config.syntax`, `config.invalid`, `config.hook-async`: what is wrong
 *   with the file, and where. Several mistakes come as one error: see combined-error.ts
 */
export async function loadConfigFile(path: string, options: LoadOptions = {}): Promise<Config> {
  if (extname(path) === '.vcl') {
    const file = await expectReadable(path);
    // Loaded when it is first needed: most configs are modules, and the compiler is large.
    const { loadVclFile } = await import('../vcl/load-vcl.ts');
    return loadVclFile(file, options.vcl);
  }
  return configIn(await loadModule(path, options));
}

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
export async function loadModule(path: string, options: LoadOptions = {}): Promise<LoadedModule> {
  const file = await expectReadable(path);
  const files = SourceFiles.ofLoad();
  const namespace = await evaluate(file, files, options.timeoutMs ?? DEFAULT_TIMEOUT_MS);
  return { file, files, namespace };
}

/** @throws TroupeError as loadConfigFile */
export function configIn({ file, files, namespace }: LoadedModule): Config {
  const definition = definitionOf(namespace['default']);
  if (definition === undefined) throw wrongExport(file, namespace, files);
  const config = buildConfig(definition, files, file);
  const { errors } = checkConfig(config);
  if (errors.length > 0) throw combined(errors);
  return config;
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

function wrongExport(file: string, namespace: Namespace, files: SourceFiles): TroupeError {
  const exported = namespace['default'];
  const place: Place = files.defaultExportIn(file) ?? { file, line: 1, column: 1 };
  const [what, advice] = exportMistake(exported, 'default' in namespace);
  const code: ErrorCode = 'config.invalid';
  return new TroupeError(code, what, { side: 'troupe', place, advice });
}

function exportMistake(exported: unknown, isThere: boolean): [what: string, advice: string] {
  if (!isThere) return ['the file has no default export.', 'Write: export default defineConfig({ ... }).'];
  if (isThenable(exported)) {
    return [
      'the default export is a promise.',
      'Write: export default await ..., so that the file waits for it.',
    ];
  }
  if (typeof exported === 'function') {
    return [
      'the default export is a function.',
      'Call it, and export what it returns: export default defineConfig({ ... }).',
    ];
  }
  const what = `the default export was not made by defineConfig, but is ${showValue(exported)}.`;
  return [what, 'Write: export default defineConfig({ ... }).'];
}

function isThenable(value: unknown): boolean {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function';
}
