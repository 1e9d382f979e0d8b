/** A story that `troupe prove` has written, run again: a finding becomes a test that stays. */
import type { Finding } from './invariant.ts';
import { builtInInvariants } from './invariants/built-in.ts';
import { invariantsFor } from './invariants/own.ts';
import { loaderFor } from './load-for-proof.ts';
import { judge } from './prove.ts';
import type { Run } from './run.ts';
import { readStory } from './story-file.ts';
import { tellStory } from './tell.ts';

export interface Replay {
  /** What does not hold; undefined: all holds. */
  readonly finding: (Finding & { readonly invariant: string }) | undefined;
  /** As `troupe prove` tells it; empty without a finding. */
  readonly story: string;
  readonly run: Run;
}

/**
 * Runs a story again:
 *
 *     test('a lost machine takes nobody else along', async () => {
 *       assert.equal((await replayStory('last-resort.story.json')).story, '');
 *     });
 *
 * @param file that `troupe prove` has written
 * @param config in place of the one that the story was found in
 * @param invariants modules with invariants of one's own, besides NAME.prove.ts
 * @throws TroupeError what is wrong with the story or the config
 */
export async function replayStory(
  file: string,
  config?: string,
  invariants: readonly string[] = [],
): Promise<Replay> {
  const story = await readStory(file);
  const path = config ?? story.config;
  const judged = await judge(story.scenario, await loaderFor(path), [
    ...(await invariantsFor(path, invariants)),
    ...builtInInvariants,
  ]);
  const { run, counterexample } = judged;
  if (counterexample === undefined) return { finding: undefined, story: '', run };
  const { invariant, finding } = counterexample;
  return { finding: { ...finding, invariant: invariant.name }, story: tellStory(counterexample), run };
}
