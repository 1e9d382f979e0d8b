/** What must hold of every run. An invariant looks at a whole run and says where it first does not hold, and why. */
import type { Run } from './run.ts';

/** Where an invariant does not hold. */
export interface Finding {
  /** Milliseconds since the start. */
  readonly at: number;
  /** What was seen, in one sentence for people. */
  readonly message: string;
  /** Number of the request that shows it; absent: none does. */
  readonly request?: number;
}

/** What an invariant comes to for one run. `exercised`: something happened that could have broken it. */
export interface Verdict {
  readonly finding: Finding | undefined;
  readonly exercised: boolean;
}

export interface Invariant {
  /** What holds, as a sentence. */
  readonly name: string;
  /** Whether it is told only where nothing else is found: what it says is true of many a config that has worse. */
  readonly isMinor?: boolean;
  /** Must not change the run. */
  judge(run: Run): Verdict;
}

/** What a user's invariant says of a run: nothing if it holds, or else why it does not. */
export type Objection = string | Finding | undefined | boolean;

/**
 * An invariant of one's own, for `troupe prove`:
 *
 *     export default [
 *       invariant('checkout never reaches the legacy pool', ({ asks }) =>
 *         asks.every(({ url, identity }) => !url.startsWith('/checkout') || !identity.startsWith('legacy'))),
 *     ];
 *
 * @param name what holds, as a sentence
 * @param check looks at a whole run. True or nothing: it holds. False, a sentence or a finding: it does not.
 */
export function invariant(name: string, check: (run: Run) => Objection): Invariant {
  return {
    name,
    judge(run) {
      const objection = check(run);
      return { finding: findingOf(name, objection, run), exercised: true };
    },
  };
}

function findingOf(name: string, objection: Objection, run: Run): Finding | undefined {
  if (objection === undefined || objection === true) return undefined;
  if (objection === false) return { at: run.endedAt, message: `it does not hold that ${name}` };
  return typeof objection === 'string' ? { at: run.endedAt, message: objection } : objection;
}

/** One that holds, although it could have been broken or not. */
export function holds(exercised: boolean): Verdict {
  return { finding: undefined, exercised };
}

export function broken(finding: Finding): Verdict {
  return { finding, exercised: true };
}
