/** Requests that failed, for people who look. */
import type { FailedRequest } from '../../../proxy/request/request-report.ts';
import type { Operated } from '../operated.ts';
import type { FailedRequests } from '../schema/failed-request-schema.ts';

/** @param limit the latest so many; undefined: all that are kept */
export function showFailedRequests(operated: Operated, limit: number | undefined): FailedRequests {
  const kept: readonly FailedRequest[] = operated.failedRequests();
  const shown = limit === undefined ? kept : kept.slice(Math.max(0, kept.length - limit));
  return { failedRequests: shown.map(shownReport) };
}

type Shown = FailedRequests['failedRequests'][number];

/** The same report as the access log has; JSON leaves out what is undefined. */
function shownReport(report: FailedRequest): Shown {
  const { tries, lines, hookErrors } = report;
  return {
    ...report,
    tries: tries.map(({ via, denied, ...one }) => ({
      ...one,
      via: [...via],
      ...(denied !== undefined && { denied: [...denied] }),
    })),
    lines: [...lines],
    hookErrors: [...hookErrors],
  };
}
