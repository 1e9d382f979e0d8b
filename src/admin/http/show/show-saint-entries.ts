/** Saint entries, for people who look: what is denied to whom, and until when. */
import type { Operated } from '../operated.ts';
import type { SaintEntries } from '../schema/saint-schema.ts';
import { wallTimeOf } from '../wall-time.ts';
import { backendNamed } from './known-backends.ts';
import type { PageQuery } from './page.ts';

const PAGE = 1_000;

interface SaintsQuery extends PageQuery {
  readonly backend?: string | undefined;
  readonly object?: string | undefined;
}

/** @throws TroupeError `command.unknown-backend`, `command.ambiguous-backend` */
export function showSaintEntries({ control, clock }: Operated, query: SaintsQuery): SaintEntries {
  const { backend, object, from, limit = PAGE } = query;
  const identity = backend === undefined ? undefined : backendNamed(control, backend).identity;
  const page = control.saintEntries({ identity, object, from, limit: Math.max(1, Math.min(limit, PAGE)) });
  const now = clock.now();
  const entries = page.entries.map(({ identity: denied, object: hash, deadline }) => ({
    backend: denied,
    object: hash,
    endsAt: wallTimeOf(clock, deadline),
    leftMs: Math.max(0, Math.round(deadline - now)),
  }));
  const { saintEntries: listed } = control.sizes();
  return { entries, listed, ...(page.next !== undefined && { next: page.next }) };
}
