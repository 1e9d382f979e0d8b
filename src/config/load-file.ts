/**
 * Loads a config file: evaluates it and its imports anew, takes the config that it exports, and turns whatever
 * goes wrong into an error with its place in the file. Loadings share nothing with each other.
 */
import { extname } from 'node:path';
import { type ErrorCode, type Place, TroupeError } from '../errors.ts';
import type { VclOptions } from '../vcl/load-vcl.ts';
import { buildConfig } from './build-config.ts';
import { checkConfig } from './check-config.ts';
import { combined } from './combined-error.ts';
import type { Config } from './config.ts';
import { definitionOf } from './define-config.ts';
import { expectReadable, type LoadedModule, loadModule } from './load-module.ts';
import type { Namespace } from './module-runner.ts';
import { showValue } from './show-value.ts';
import type { SourceFiles } from './source-files.ts';

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

/** @throws TroupeError as loadConfigFile */
export function configIn({ file, files, namespace }: LoadedModule): Config {
  const definition = definitionOf(namespace['default']);
  if (definition === undefined) throw wrongExport(file, namespace, files);
  const config = buildConfig(definition, files, file);
  const { errors } = checkConfig(config);
  if (errors.length > 0) throw combined(errors);
  return config;
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
