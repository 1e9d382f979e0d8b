/**
 * What a hook denies a backend is denied: a member of a director that no saintmode object wraps stays in turn for the
 * very object that has just failed there. A backend that stands alone has nobody to go to, and is not judged.
 */
import { broken, type Finding, holds, type Invariant } from '../invariant.ts';
import type { RequestRecord, Run } from '../run.ts';
import { membersBelow, nameOfIdentity } from '../timeline.ts';

export const deniedIsDenied: Invariant = {
  name: 'what a hook puts on the saint list of a backend is on it',
  judge(run) {
    let exercised = false;
    for (const record of run.requests) {
      const finding = vain(run, record);
      if (finding !== undefined) return broken(finding);
      if (record.report?.tries.some(({ deniedForMs }) => deniedForMs !== undefined)) exercised = true;
    }
    return holds(exercised);
  },
};

function vain({ description }: Run, { report, at, method, url, number }: RequestRecord): Finding | undefined {
  for (const line of report?.lines ?? []) {
    const name = /^deny: no saintmode object wraps the backend (\S+),/.exec(line)?.[1];
    const denied = report?.tries.find(
      ({ identity }) => identity !== undefined && nameOfIdentity(identity) === name,
    );
    const [director] = denied?.via ?? [];
    if (denied === undefined || director === undefined || membersBelow(description, director) < 2) continue;
    const message = `${method} ${url} was to be denied to ${name}, but no saintmode object wraps ${name}: ${director} goes on asking it`;
    return { at: at + denied.startMs + denied.ms, message, request: number };
  }
  return undefined;
}
