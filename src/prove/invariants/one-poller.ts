/** An identity is polled by one poller, with the probe of the config in use, and no more often than that says. */
import type { Identity } from '../../identity.ts';
import { broken, holds, type Invariant } from '../invariant.ts';
import type { ProbeRecord } from '../run.ts';
import { probesInUse } from '../timeline.ts';

/** Milliseconds; sums of fractions are not exact. */
const TOLERANCE_MS = 0.01;

export const onePoller: Invariant = {
  name: 'a backend is polled by one poller, as often as its probe says',
  judge(run) {
    const { probes } = run;
    const last = new Map<Identity, ProbeRecord>();
    for (const probe of probes) {
      const { identity, at } = probe;
      const before = last.get(identity);
      last.set(identity, probe);
      const declared = probesInUse(run, identity, at).map((one) => JSON.stringify(one));
      if (declared.length > 0 && !declared.includes(JSON.stringify(probe.probe))) {
        return broken({
          at,
          message: `${identity} is polled with a probe that the config in use does not have`,
        });
      }
      if (before === undefined) continue;
      if (before.endedAt === undefined) {
        return broken({ at, message: `${identity} is polled while a probe of it is under way` });
      }
      if (at < before.endedAt + probe.probe.intervalMs - TOLERANCE_MS) {
        const ms = Math.round(at - before.endedAt);
        const message = `${identity} is polled ${ms} ms after the last time; its interval is ${probe.probe.intervalMs} ms`;
        return broken({ at, message });
      }
    }
    return holds(probes.length > 1);
  },
};
