/** What a request wanted where nobody could be asked: the report of a try says it in its sentence. */
import type { BackendTry } from '../../proxy/request/request-report.ts';

/** @returns name of the backend, director or saintmode object; undefined: it was asked, or named nothing */
export function aimOf({ identity, error, via }: BackendTry): string | undefined {
  if (identity !== undefined) return undefined;
  const [first] = via;
  if (first !== undefined) return first;
  return /^(\S+) has no backend that is healthy/.exec(error?.message ?? '')?.[1];
}
