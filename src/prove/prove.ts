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
import { simplify } from './simplify.ts';

/** Scenarios that fast-check may try to make a finding shorter, and then simplify. */
const MOST_SHRINKINGS = 80;
const MOST_SIMPLIFICATIONS = 300;
/** Runs in which something graver is looked for, once something minor is found. */
const RUNS_PAST_MINOR = 150;

export interface ProveOptions {
  /** Loads the config anew. */
  readonly load: () => Promise<LoadedSource>;
  /** Text of the config, for words that requests are made of. */
  readonly text: string;
  readonly invariants: readonly Invariant[];
  readonly runs: number;
  readonly seed: number;
  /** Milliseconds of real time for the search; undefined: as long as it takes. */
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
  /** Runs of the search, those for shrinking not counted. */
  readonly runs: number;
  readonly shrinkings: number;
  /** Whether time was over before all runs were made. */
  readonly isInterrupted: boolean;
  readonly counterexample: Counterexample | undefined;
  /** Names of the invariants that something happened for that could have broken them. */
  readonly exercised: ReadonlySet<string>;
  /** Whether the same scenario has come to the same finding a second time; true without one. */
  readonly isReproducible: boolean;
}

/** @throws TroupeError what is wrong with the config */
export async function prove(options: ProveOptions): Promise<Proof> {
  const { load, seed, runs, timeLimitMs, text } = options;
  const { backends } = await load();
  const search = new Search(options);
  const dictionary = dictionaryOf(
    text,
    backends.map(({ name }) => name),
  );
  const arbitrary = scenarios({ backends, dictionary });
  const property = fc.asyncProperty(arbitrary, async (scenario) => !(await search.fails(scenario)));
  const result = await fc.check(property, {
    seed,
    numRuns: runs,
    ...(timeLimitMs === undefined
      ? {}
      : { interruptAfterTimeLimit: timeLimitMs, markInterruptAsFailure: false }),
  });
  if (search.problem !== undefined) throw search.problem;
  const isReproducible = await search.finish();
  const { found, exercised, shrinkings } = search;
  return {
    runs: search.runs,
    shrinkings,
    isInterrupted: result.interrupted && found === undefined,
    counterexample: found,
    exercised,
    isReproducible,
  };
}

/** What does not hold of one scenario. */
export async function judge(
  scenario: Scenario,
  load: () => Promise<LoadedSource>,
  invariants: readonly Invariant[],
): Promise<{ readonly run: Run; readonly counterexample: Counterexample | undefined }> {
  const run = await runScenario(scenario, load);
  for (const invariant of invariants) {
    const { finding } = invariant.judge(run);
    if (finding !== undefined) return { run, counterexample: { invariant, finding, scenario, run } };
  }
  return { run, counterexample: undefined };
}

class Search {
  readonly exercised = new Set<string>();
  runs = 0;
  shrinkings = 0;
  found: Counterexample | undefined;
  /** The first one of a minor invariant. */
  #minor: Counterexample | undefined;
  /** No more is looked for than the minor one. */
  #isOver = false;
  #runsUntilMinor = Number.POSITIVE_INFINITY;
  /** Why a scenario could not be carried out. */
  problem: unknown;
  readonly #options: ProveOptions;

  constructor(options: ProveOptions) {
    this.#options = options;
  }

  /** Whether a scenario breaks an invariant; once one is broken, whether it breaks the same. */
  async fails(scenario: Scenario): Promise<boolean> {
    const isShrinking = this.found !== undefined;
    if (this.#isOver || this.problem !== undefined || (isShrinking && this.shrinkings >= MOST_SHRINKINGS))
      return false;
    if (isShrinking) this.shrinkings++;
    else this.runs++;
    if (await this.#shows(scenario)) return true;
    if (isShrinking || this.runs < this.#runsUntilMinor + RUNS_PAST_MINOR) return false;
    // Ends the search; what ended it is nothing to shrink.
    this.#isOver = true;
    return true;
  }

  /** Makes what was found as simple as it gets. @returns whether it is found again */
  async finish(): Promise<boolean> {
    this.found ??= this.#minor;
    if (this.found === undefined) return true;
    const { scenario } = this.found;
    const simplest = await simplify(
      scenario,
      async (candidate) => {
        this.shrinkings++;
        return this.#shows(candidate);
      },
      MOST_SIMPLIFICATIONS,
    );
    return this.#shows(simplest);
  }

  async #shows(scenario: Scenario): Promise<boolean> {
    const { load, invariants, onRun } = this.#options;
    let run: Run;
    try {
      run = await runScenario(scenario, load);
    } catch (error) {
      // Not a finding, and nothing to shrink: it is told as it is.
      this.problem ??= error;
      return false;
    }
    onRun?.(run, this.found !== undefined);
    const wanted = this.found?.invariant;
    for (const invariant of invariants) {
      // What is shrunk is one mistake, not whichever comes along.
      if (wanted !== undefined && invariant !== wanted) continue;
      const { finding, exercised } = invariant.judge(run);
      if (exercised) this.exercised.add(invariant.name);
      if (finding === undefined) continue;
      const counterexample = { invariant, finding, scenario, run };
      if (wanted === undefined && invariant.isMinor === true) {
        if (this.#minor === undefined) this.#runsUntilMinor = this.runs;
        this.#minor ??= counterexample;
        continue;
      }
      this.found = counterexample;
      return true;
    }
    return false;
  }
}
