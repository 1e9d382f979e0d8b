/** A mistake in a config made in TypeScript, before its place is known and the error that it becomes. */
import { type ErrorCode, TroupeError } from '../errors.ts';
import type { CallSite } from './call-site.ts';
import type { SourceFiles } from './source-files.ts';
import type { ArgumentPath } from './source-tree.ts';

export interface Mistake {
  /** Default: 'config.invalid'. */
  readonly code?: ErrorCode;
  /** One sentence. */
  readonly message: string;
  readonly advice?: string | undefined;
  /** The call in which it stands. */
  readonly site: CallSite;
  /** Where in the call's arguments; empty: the call itself. */
  readonly path: ArgumentPath;
}

/** @param about the thing that the mistake is in, for the front of the sentence */
export function errorOf(mistake: Mistake, files: SourceFiles, about?: string): TroupeError {
  const { code = 'config.invalid', message, advice, site, path } = mistake;
  const place = path.length === 0 ? files.call(site) : files.argument(site, path);
  const sentence = about === undefined ? message : `${about}: ${message}`;
  return new TroupeError(code, sentence, { side: 'troupe', place, advice });
}
