/** Which values a shard director may be declared with, the same for both front ends. Source: vmod_directors(3). */
import { isCount, must, type ValueMistake } from './check-values.ts';
import type { DirectorDeclaration } from './declaration.ts';
import { MOST_SHARD_POINTS } from './shard-declaration.ts';
import { shardUseMistakes } from './shard-use.ts';

export function* checkShard({ policy, members }: DirectorDeclaration): Generator<ValueMistake> {
  if (policy.kind !== 'shard') return;
  const { replicas, warmup, rampupMs, choice } = policy;
  if (!(isCount(replicas) && replicas >= 1)) yield must(['replicas'], 'be a whole number from 1', replicas);
  if (!(warmup >= 0 && warmup < 1)) {
    const mistake = must(['warmup'], 'be from 0 to below 1', warmup);
    yield { ...mistake, advice: 'It is the share of the requests that goes to the next alternative.' };
  }
  if (!(rampupMs >= 0 && rampupMs < Number.POSITIVE_INFINITY)) {
    yield must(['rampup'], 'be a duration from 0, which is none', rampupMs);
  }
  for (const { option, message, advice } of shardUseMistakes(choice)) {
    yield { path: [option], message, ...(advice === undefined ? {} : { advice }) };
  }
  yield* checkMembers(members, replicas);
}

function* checkMembers(members: DirectorDeclaration['members'], replicas: number): Generator<ValueMistake> {
  const idents = new Set<string>();
  let points = 0;
  for (const [index, { target, ident = target, weight, rampupMs = 0 }] of members.entries()) {
    const at = (option: string) => ['members', index, option];
    if (ident === '') {
      yield { path: at('ident'), message: `the ident of ${target} must not be empty.` };
    } else if (idents.has(ident)) {
      const message = `${ident} is on the ring twice.`;
      yield { path: ['members', index], message, advice: `Give ${target} an ident of its own here.` };
    }
    idents.add(ident);
    if (weight >= 0 && weight < 1) {
      const message = `the weight of ${target} must be at least 1 in a shard director, but is ${weight}.`;
      yield { path: at('weight'), message, advice: 'Raise the weights of the others.' };
    }
    if (!(rampupMs >= 0 && rampupMs < Number.POSITIVE_INFINITY)) {
      yield { path: at('rampup'), message: `the rampup of ${target} must be a duration from 0.` };
    }
    points += Math.trunc(replicas * weight);
  }
  if (points > MOST_SHARD_POINTS) {
    const message = `the ring would have ${points} points, and the limit is ${MOST_SHARD_POINTS}.`;
    yield { path: ['replicas'], message, advice: 'Use fewer replicas, or lower weights.' };
  }
}
