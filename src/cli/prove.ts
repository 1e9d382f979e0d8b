/**
 * `troupe prove FILE`: property-tests a config's failover in simulated time. Exit status: 0 nothing found, 1 found, 2
 * could not run.
 */
import { basename, resolve } from 'node:path';
import { renderError } from '../config/report.ts';
import { TroupeError } from '../errors.ts';
import { statesThereAre } from '../prove/actor-steps.ts';
import { Covered } from '../prove/covered.ts';
import type { Invariant } from '../prove/invariant.ts';
import { builtInInvariants } from '../prove/invariants/built-in.ts';
import { invariantsFor, modulesFor } from '../prove/invariants/own.ts';
import { loaderFor, textOf } from '../prove/load-for-proof.ts';
import { type Counterexample, judge, type Proof, prove } from '../prove/prove.ts';
import { readStory, saveStory } from '../prove/story-file.ts';
import { drawStory, tellStory } from '../prove/tell.ts';
import type { CheckOutput } from './check.ts';
import { ProgressBar } from './progress-bar.ts';
import type { ProveCommand } from './prove-options.ts';

export interface ProveOutput extends CheckOutput {
  /** Columns of the terminal that a progress bar may be drawn on; undefined: there is none. */
  readonly columns: number | undefined;
}

/** @returns the exit status */
export async function runProve(command: ProveCommand, output: ProveOutput): Promise<number> {
  try {
    return command.replay === undefined
      ? await search(command, output)
      : await replay(command.replay, command, output);
  } catch (error) {
    const text =
      error instanceof TroupeError
        ? renderError(error, { color: output.color })
        : `This is a mistake of Troupe's own: ${error instanceof Error ? error.stack : error}`;
    output.err(`${text}\n`);
    return 2;
  }
}

async function search(command: ProveCommand, output: ProveOutput): Promise<number> {
  const { runs, seed, timeLimitMs } = command;
  const file = command.file ?? '';
  const load = await loaderFor(file);
  const invariants = await allInvariants(file, command);
  const covered = new Covered();
  const bar = new ProgressBar(output, runs);
  const proof = await prove({
    load,
    text: await allText(file, command),
    invariants,
    runs,
    seed,
    timeLimitMs,
    onRun: (run, isShrinking) => {
      if (isShrinking) bar.say('found something; making it shorter');
      else {
        covered.add(run);
        bar.step();
      }
    },
  });
  bar.clear();
  const { counterexample } = proof;
  if (counterexample === undefined) {
    const early = proof.isInterrupted ? ` (of ${runs}: the time was over)` : '';
    output.out(`ok: ${file}: nothing found in ${proof.runs} runs${early}, seed ${seed}\n`);
    output.out(summary(covered, proof, invariants));
    return 0;
  }
  const save = command.save ?? `${basename(file)}.story.json`;
  const { invariant, finding, scenario } = counterexample;
  await saveStory(save, { config: file, invariant: invariant.name, message: finding.message, scenario });
  output.out(`failed: ${file}: found in run ${proof.runs}, seed ${seed}\n\n`);
  tell(counterexample, output);
  if (!proof.isReproducible) {
    output.out(
      'A second run of the same story came to something else: the config depends on more than what happens to it, such as Date.now() or Math.random().\n',
    );
  }
  output.out(`\nRun it again: troupe prove --replay ${save}\n`);
  return 1;
}

/** Runs a story again, and nothing else. */
async function replay(path: string, command: ProveCommand, output: ProveOutput): Promise<number> {
  const story = await readStory(path);
  const file = command.file ?? story.config;
  const load = await loaderFor(file);
  const invariants = await allInvariants(file, command);
  const { counterexample } = await judge(story.scenario, load, invariants);
  if (counterexample === undefined) {
    output.out(`ok: ${file}: what ${path} tells does not happen any more\n`);
    return 0;
  }
  output.out(`failed: ${file}: as ${path} tells\n\n`);
  tell(counterexample, output);
  return 1;
}

function tell(counterexample: Counterexample, { out }: ProveOutput): void {
  out(tellStory(counterexample));
  out(`\n${drawStory(counterexample)}`);
}

async function allInvariants(file: string, { invariants }: ProveCommand): Promise<Invariant[]> {
  return [...(await invariantsFor(file, invariants)), ...builtInInvariants];
}

/** Invariants name what their config need not: a path that must not go somewhere. */
async function allText(file: string, { invariants }: ProveCommand): Promise<string> {
  const files = [file, ...(await modulesFor(file, invariants))];
  const texts = await Promise.all(files.map((one) => textOf(resolve(one))));
  return texts.join('\n');
}

function summary(covered: Covered, { exercised }: Proof, invariants: readonly Invariant[]): string {
  const { faults, operations, statuses, requests, healthChanges, simulatedMs, states, transitions } = covered;
  const lines = [
    ['simulated', `${duration(simulatedMs)}, ${requests} requests, ${healthChanges} changes of health`],
    ['answers', counts(statuses)],
    ['faults', counts(faults)],
    ['orders', counts(operations)],
    ['states', `${states.size} of ${statesThereAre()} of the control plane's machines`],
    ['transitions', `${transitions.size} different ones`],
  ];
  const told = lines.map(([name = '', what = '']) => `  ${name.padEnd(11)}  ${what}\n`);
  const marks = invariants.map(
    ({ name }) => `  ${exercised.has(name) ? 'held       ' : 'not touched'}  ${name}\n`,
  );
  return `${told.join('')}\n${marks.join('')}`;
}

function counts(of: ReadonlyMap<string | number, number>): string {
  const sorted = [...of].sort(([a], [b]) => (String(a) < String(b) ? -1 : 1));
  return sorted.length === 0 ? 'none' : sorted.map(([name, count]) => `${name} × ${count}`).join(', ');
}

function duration(ms: number): string {
  const hours = ms / 3_600_000;
  return hours >= 1 ? `${hours.toFixed(1)} hours` : `${(ms / 60_000).toFixed(1)} minutes`;
}
