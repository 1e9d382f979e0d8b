/**
 * From where a config comes to what the planes can take in: read, checked, its hosts resolved.
 */

import { TroupeError } from '../errors.ts';
import { checkConfig } from './check-config.ts';
import { combined } from './combined-error.ts';
import type { Config } from './config.ts';
import type { FetchLimits, ResolvedBackend } from './declaration.ts';
import { type LoadOptions, loadConfigFile } from './load-file.ts';
import { resolveBackends } from './resolve-hosts.ts';
import { showValue } from './show-value.ts';

export interface LoadedSource {
  readonly config: Config;
  /** In the order of `config.backends`. */
  readonly backends: readonly ResolvedBackend[];
}

/**
 * Reads, checks and resolves a config.
 *
 * @param source path of a file, or a config made in the program
 * @param defaults timeouts and limits of backends that declare none of their own
 * @param options how files are read
 * @throws TroupeError what is wrong with it, with the place where one is known
 */
export async function loadConfig(
  source: string | Config,
  defaults: Partial<FetchLimits> = {},
  options: LoadOptions = {},
): Promise<LoadedSource> {
  const config = typeof source === 'string' ? await loadConfigFile(source, options) : source;
  assertConfig(config);
  const { errors } = checkConfig(config);
  if (errors.length > 0) throw combined(errors);
  const backends = await resolveBackends(
    config.backends.map((backend) => ({ ...backend, limits: { ...defaults, ...backend.limits } })),
  );
  return { config, backends };
}

/** Types say so to who has them; options that never met defineConfig are an easy slip for who has not. */
function assertConfig(config: unknown): void {
  if (
    typeof config === 'object' &&
    config !== null &&
    'backends' in config &&
    Array.isArray(config.backends)
  ) {
    return;
  }
  const wanted = 'A config is what defineConfig({ ... }) returns, or the path of a file';
  throw new TroupeError('config.invalid', `${wanted}; this is ${showValue(config)}.`, { side: 'troupe' });
}
