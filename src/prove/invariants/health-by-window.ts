/** A backend's health changes when the window of its probe says so, and at no other time: it flaps no faster. */
import type { ResolvedBackend } from '../../config/declaration.ts';
import { broken, holds, type Invariant } from '../invariant.ts';
import type { Run } from '../run.ts';

export const healthByWindow: Invariant = {
  name: 'health changes no faster than the window of the probe allows',
  judge(run) {
    let exercised = false;
    for (const { identity, at, before, after } of run.health) {
      if (before === undefined || after === undefined || before.passing === after.passing) continue;
      const backend = run.description.backends.find((one) => one.identity === identity);
      if (backend?.probe === undefined || hasRetired(run, backend)) continue;
      exercised = true;
      const passing = passingAt(run, backend, at);
      if (passing === after.passing) continue;
      const message = `${identity} became ${after.passing ? 'healthy' : 'sick'}, which the results of its probes do not allow: ${windowOf(run, backend, at)}`;
      return broken({ at, message });
    }
    return holds(exercised);
  },
};

/** Its results begin anew then. */
function hasRetired({ health }: Run, { identity }: ResolvedBackend): boolean {
  return health.some((change) => change.identity === identity && change.after === undefined);
}

/** The latest results that count, oldest first, as vcl-probe(7) has it: the credit of `initial` stands before them. */
function resultsAt({ probes }: Run, { identity, probe }: ResolvedBackend, at: number): boolean[] {
  if (probe === undefined) return [];
  const credit = Array.from({ length: Math.min(probe.initial, probe.threshold) }, () => true);
  const results = probes
    .filter((one) => one.identity === identity && one.endedAt !== undefined && one.endedAt <= at)
    .map(({ isHappy }) => isHappy === true);
  return [...credit, ...results].slice(-probe.window);
}

function passingAt(run: Run, backend: ResolvedBackend, at: number): boolean {
  return resultsAt(run, backend, at).filter(Boolean).length >= (backend.probe?.threshold ?? 0);
}

function windowOf(run: Run, backend: ResolvedBackend, at: number): string {
  const drawn = resultsAt(run, backend, at).map((isHappy) => (isHappy ? 'H' : '-'));
  return `${drawn.join('')}, where ${backend.probe?.threshold} of ${backend.probe?.window} are needed`;
}
