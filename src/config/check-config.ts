/**
 * What can be said of a config without running it: mistakes, which keep it from being used, and warnings. The
 * same for both front ends; places come from the config's origin.
 */
import { type ErrorCode, type Place, TroupeError } from '../errors.ts';
import { checkDirector } from './check-director.ts';
import { checkHooks } from './check-hooks.ts';
import { checkReferences } from './check-references.ts';
import { checkShard } from './check-shard.ts';
import { checkBackend, checkPeer, checkSaintmode, type ValueMistake } from './check-values.ts';
import type { Config } from './config.ts';
import { type ConfigWarning, warningsFor } from './warnings.ts';

export interface ConfigCheck {
  /** Every mistake that was found, in no particular order; none: the config can be used. */
  readonly errors: readonly TroupeError[];
  readonly warnings: readonly ConfigWarning[];
}

export function checkConfig(config: Config): ConfigCheck {
  const errors = [...(config.origin?.mistakes ?? []), ...findErrors(config)];
  if (errors.length > 0) return { errors, warnings: [] };
  return { errors, warnings: [...(config.origin?.warnings ?? []), ...warningsFor(config)] };
}

function* findErrors(config: Config): Generator<TroupeError> {
  const { origin } = config;
  for (const backend of config.backends) yield* valueErrors(config, backend, checkBackend(backend));
  for (const saintmode of config.saintmodes) yield* valueErrors(config, saintmode, checkSaintmode(saintmode));
  for (const peer of config.peers ?? []) yield* valueErrors(config, peer, checkPeer(peer));
  for (const director of config.directors) {
    yield* valueErrors(config, director, checkDirector(director));
    yield* valueErrors(config, director, checkShard(director));
  }
  for (const { declaration, path, message, advice } of checkReferences(config)) {
    const named =
      declaration === undefined || path.length === 0 ? undefined : origin?.option(declaration.name, path);
    yield invalid('config.invalid', message, named ?? declaration?.place ?? fileOf(config), advice);
  }
  for (const { hook, code, message, advice } of checkHooks(config.hooks)) {
    yield invalid(code, message, origin?.hook(hook) ?? fileOf(config), advice);
  }
}

function* valueErrors(
  config: Config,
  { name, place }: { readonly name: string; readonly place?: Place },
  mistakes: Iterable<ValueMistake>,
): Generator<TroupeError> {
  for (const { path, message, advice } of mistakes) {
    const at = config.origin?.option(name, path) ?? place ?? fileOf(config);
    yield invalid('config.invalid', `${name}: ${message}`, at, advice);
  }
}

/** Better than no place at all. */
function fileOf({ file }: Config): Place | undefined {
  return file === undefined ? undefined : { file, line: 1, column: 1 };
}

function invalid(
  code: ErrorCode,
  message: string,
  place: Place | undefined,
  advice: string | undefined,
): TroupeError {
  return new TroupeError(code, message, { side: 'troupe', place, advice });
}
