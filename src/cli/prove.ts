/**
 * `troupe prove FILE`: property-tests a config's failover in simulated time. Exit status: 0 nothing found, 1 found, 2
 * could not run.
 */
import { resolve } from 'node:path';
import { renderError } from '../config/report.ts';
import { TroupeError } from '../errors.ts';
import { builtInInvariants } from '../prove/invariants/built-in.ts';
import { loaderFor, textOf } from '../prove/load-for-proof.ts';
import { prove } from '../prove/prove.ts';
import type { CheckOutput } from './check.ts';

export interface ProveCommand {
  readonly file: string;
  readonly runs: number;
  readonly seed: number;
}

/** @returns the exit status */
export async function runProve({ file, runs, seed }: ProveCommand, output: CheckOutput): Promise<number> {
  try {
    const load = await loaderFor(file);
    const text = await textOf(resolve(file));
    const proof = await prove({ load, text, invariants: builtInInvariants, runs, seed });
    const { counterexample } = proof;
    if (counterexample === undefined) {
      output.out(`ok: ${proof.runs} runs\n`);
      return 0;
    }
    output.out(
      `failed: ${counterexample.finding.message}\n${JSON.stringify(counterexample.scenario, null, 1)}\n`,
    );
    return 1;
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error;
    output.err(`${renderError(error, { color: output.color })}\n`);
    return 2;
  }
}
