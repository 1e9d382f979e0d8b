/** A backend's health changes when the window of its probe says so, and at no other time: it flaps no faster. */
import type { ProbeDeclaration, ResolvedBackend } from '../../config/declaration.ts';
import { broken, holds, type Invariant } from '../invariant.ts';
import type { Run } from '../run.ts';
import { probesInUse } from '../timeline.ts';

export const healthByWindow: Invariant = {
  name: 'health changes no faster than the window of the probe allows',
  judge(run) {
    let exercised = false;
    for (const { identity, at, before, after } of run.health) {
      if (before === undefined || after === undefined || before.passing === after.passing) continue;
      const backend = run.description.backends.find((one) => one.identity === identity);
      if (backend?.probe === undefined || hasRetired(run, backend)) continue;
      exercised = true;
      const probes = probesInUse(run, identity, at);
      if (
        probes.length === 0 ||
        probes.some((probe) => passingBy(run, backend, probe, at) === after.passing)
      ) {
        continue;
      }
      const windows = probes.map((probe) => windowOf(run, backend, probe, at)).join('; ');
      const message = `${identity} became ${after.passing ? 'healthy' : 'sick'}, which the results of its probes do not allow: ${windows}`;
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
function resultsAt(
  { probes }: Run,
  { identity, probe: first }: ResolvedBackend,
  { window }: ProbeDeclaration,
  at: number,
): boolean[] {
  const credit = Array.from({ length: Math.min(first?.initial ?? 0, first?.threshold ?? 0) }, () => true);
  const results = probes
    .filter((one) => one.identity === identity && one.endedAt !== undefined && one.endedAt <= at)
    .map(({ isHappy }) => isHappy === true);
  return [...credit, ...results].slice(-window);
}

function passingBy(run: Run, backend: ResolvedBackend, probe: ProbeDeclaration, at: number): boolean {
  return resultsAt(run, backend, probe, at).filter(Boolean).length >= probe.threshold;
}

function windowOf(run: Run, backend: ResolvedBackend, probe: ProbeDeclaration, at: number): string {
  const drawn = resultsAt(run, backend, probe, at).map((isHappy) => (isHappy ? 'H' : '-'));
  return `${drawn.join('')}, where ${probe.threshold} of ${probe.window} are needed`;
}
