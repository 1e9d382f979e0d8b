/**
 * From where a config comes to what the planes can take in: read, checked, its hosts resolved.
 */
import { checkConfig } from './check-config.ts';
import { combined } from './combined-error.ts';
import type { Config } from './config.ts';
import type { FetchLimits, ResolvedBackend } from './declaration.ts';
import { type LoadOptions, loadConfigFile } from './load-file.ts';
import { resolveBackends } from './resolve-hosts.ts';

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
  const { errors } = checkConfig(config);
  if (errors.length > 0) throw combined(errors);
  const backends = await resolveBackends(
    config.backends.map((backend) => ({ ...backend, limits: { ...defaults, ...backend.limits } })),
  );
  return { config, backends };
}
