/**
 * `troupe check FILE`: is it valid? Everything is tried that loading it would try (its hosts are resolved, its
 * init hook runs), and nothing is kept.
 */
import { extname } from 'node:path';
import { checkConfig } from '../config/check-config.ts';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/load-config.ts';
import { loadConfigFile } from '../config/load-file.ts';
import { expectReadable } from '../config/load-module.ts';
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
 * @param vmods files of vmods that a VCL program may import
 * @returns the exit status: 0 if it is valid, warnings or not, and 1 otherwise
 */
export async function runCheck(
  file: string,
  { out, err, color }: CheckOutput,
  vmods: readonly string[] = [],
): Promise<number> {
  let config: Config;
  try {
    config = rehearseInit(await loadConfigFile(file, { vcl: { vmods } }));
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

/**
 * Prints a VCL program as it is written in VCL 4.1: `troupe check --upgrade FILE`.
 *
 * @param vmods files of vmods that it may import
 * @returns the exit status: 0, or 1 if it is not valid
 */
export async function runUpgrade(
  file: string,
  { out, err, color }: CheckOutput,
  vmods: readonly string[] = [],
): Promise<number> {
  try {
    // Needed by nobody who checks a module.
    const { upgradeVclFile } = await import('../vcl/load-vcl.ts');
    out(await upgradeVclFile(await readableVcl(file), { vmods }));
    return 0;
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error;
    err(`${renderError(error, { color })}\n`);
    return 1;
  }
}

/** @throws TroupeError it is no VCL file, or cannot be read */
async function readableVcl(path: string): Promise<string> {
  if (extname(path) === '.vcl') return expectReadable(path);
  const message = `${path}: only VCL files (.vcl) can be upgraded.`;
  throw new TroupeError('config.unreadable', message, { side: 'troupe' });
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
