/**
 * The search: scenarios by chance against one config, until an invariant does not hold; then the shortest scenario in
 * which the same one does not hold. The same seed finds the same.
 */
import fc from 'fast-check';
import type { LoadedSource } from '../simulation/world.ts';
import { dictionaryOf } from './dictionary.ts';
import type { Finding, Invariant } from './invariant.ts';
import type { Run } from './run.ts';
import { runScenario } from './run-scenario.ts';
import type { Scenario } from './scenario.ts';
import { scenarios } from './scenarios.ts';

export interface ProveOptions {
  /** Loads the config anew. */
  readonly load: () => Promise<LoadedSource>;
  /** Text of the config, for words that requests are made of. */
  readonly text: string;
  readonly invariants: readonly Invariant[];
  readonly runs: number;
  readonly seed: number;
  /** Milliseconds of real time, shrinking included; undefined: as long as it takes. */
  readonly timeLimitMs?: number | undefined;
  /** Called after each run. */
  readonly onRun?: ((run: Run, isShrinking: boolean) => void) | undefined;
}

/** An invariant that does not hold, and the shortest scenario that shows it. */
export interface Counterexample {
  readonly invariant: Invariant;
  readonly finding: Finding;
  readonly scenario: Scenario;
  readonly run: Run;
}

export interface Proof {
  /** Runs, those for shrinking not counted. */
  readonly runs: number;
  readonly shrinkings: number;
  readonly isInterrupted: boolean;
  readonly counterexample: Counterexample | undefined;
  /** Names of the invariants that something happened for that could have broken them. */
  readonly exercised: ReadonlySet<string>;
}

/** @throws TroupeError what is wrong with the config */
export async function prove(options: ProveOptions): Promise<Proof> {
  const { load, invariants, timeLimitMs } = options;
  const { backends } = await load();
  const exercised = new Set<string>();
  let runs = 0;
  let shrinkings = 0;
  let best: Counterexample | undefined;
  let problem: unknown;
  const property = fc.asyncProperty(
    scenarios({ backends, dictionary: dictionaryOf(options.text) }),
    async (scenario) => {
      let run: Run;
      try {
        run = await runScenario(scenario, load);
      } catch (error) {
        // Not a finding, and nothing to shrink: it is told as it is.
        problem ??= error;
        return true;
      }
      if (best === undefined) runs++;
      else shrinkings++;
      options.onRun?.(run, best !== undefined);
      for (const invariant of invariants) {
        // What is shrunk is one mistake, not whichever comes along.
        if (best !== undefined && invariant !== best.invariant) continue;
        const { finding, exercised: was } = invariant.judge(run);
        if (was) exercised.add(invariant.name);
        if (finding === undefined) continue;
        best = { invariant, finding, scenario, run };
        return false;
      }
      return true;
    },
  );
  const result = await fc.check(property, {
    seed: options.seed,
    numRuns: options.runs,
    ...(timeLimitMs === undefined ? {} : { interruptAfterTimeLimit: timeLimitMs }),
  });
  if (problem !== undefined) throw problem;
  return { runs, shrinkings, isInterrupted: result.interrupted, counterexample: best, exercised };
}
