/**
 * `troupe check FILE`: is it valid? Everything is tried that loading it would try (its hosts are resolved, its
 * init hook runs), and nothing is kept.
 */
import { checkConfig } from '../config/check-config.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { loadConfigFile } from '../config/load-file.ts';
import { rehearseInit } from '../config/rehearse-init.ts';
import { renderError, renderWarning } from '../config/report.ts';
import { TroupeError } from '../errors.ts';

/** Where text for people goes, line ends included. */
export interface CheckOutput {
  out(text: string): void;
  err(text: string): void;
  readonly color: boolean;
}

/**
 * Checks a config file and says what was found.
 *
 * @returns the exit status: 0 if it is valid, warnings or not, and 1 otherwise
 */
export async function runCheck(file: string, { out, err, color }: CheckOutput): Promise<number> {
  let config: Config;
  try {
    config = rehearseInit(await loadConfigFile(file));
    await loadConfig(withPlacesOfHosts(config));
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error;
    err(`${renderError(error, { color })}\n`);
    return 1;
  }
  for (const warning of checkConfig(config).warnings) err(`${renderWarning(warning, { color })}\n\n`);
  const { backends, directors, saintmodes } = config;
  const counts = [
    count(backends, 'backend', 'backends'),
    count(directors, 'director', 'directors'),
    count(saintmodes, 'saintmode object', 'saintmode objects'),
  ];
  out(`${file} is valid: ${counts.join(', ')}\n`);
  return 0;
}

/** A host that does not resolve is shown where it is written, not where its backend begins. */
function withPlacesOfHosts(config: Config): Config {
  const backends = config.backends.map((backend) => {
    const place = config.origin?.option(backend.name, ['host']) ?? backend.place;
    return place === undefined ? backend : { ...backend, place };
  });
  return { ...config, backends };
}

function count(things: readonly unknown[], one: string, many: string): string {
  return `${things.length} ${things.length === 1 ? one : many}`;
}
