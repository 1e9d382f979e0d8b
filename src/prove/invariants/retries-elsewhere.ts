/**
 * Retries are there to find somebody who can: a request does not fail at one backend over and over while another
 * member of its director would have answered. What is not held against a config:
 *
 * - members taken by chance or in turn: a retry may come to the same one, and the next one to another,
 * - a fallback's first member that is lost as a whole: its probe will tell, and the fallback goes on then. A page that
 *   only this member fails at is another matter,
 * - a denial that nobody heeds: see `saint-list-heeded`.
 */
import type { ConfigDescription, PolicyDeclaration } from '../../config/declaration.ts';
import { broken, type Finding, holds, type Invariant } from '../invariant.ts';
import type { RequestRecord, Run } from '../run.ts';
import { nameOfIdentity, reachOf, Timeline } from '../timeline.ts';

export const retriesElsewhere: Invariant = {
  name: 'no request fails at one backend again and again while another one would have answered',
  isMinor: true,
  judge(run) {
    const timeline = new Timeline(run);
    let exercised = false;
    for (const record of run.requests) {
      if ((record.report?.tries.length ?? 0) > 1) exercised = true;
      const finding = stubborn(run, timeline, record);
      if (finding !== undefined) return broken(finding);
    }
    return holds(exercised);
  },
};

function stubborn(run: Run, timeline: Timeline, record: RequestRecord): Finding | undefined {
  const { report, status, state, method, url, number } = record;
  const tries = report?.tries ?? [];
  const [first] = tries;
  if (first?.identity === undefined || tries.length < 2 || status < 500 || state !== 'whole')
    return undefined;
  const { identity, via } = first;
  const [director] = via;
  const name = nameOfIdentity(identity);
  const kinds = policiesBelow(run.description, director);
  if (director === undefined || !kinds.every((kind) => stable.has(kind))) return undefined;
  const hasStayed = tries.every((one) => one.identity === identity && one.via[0] === director);
  if (!hasStayed || tries.some(({ deniedForMs, denied, panic }) => deniedForMs ?? denied ?? panic))
    return undefined;
  const from = record.at + first.startMs;
  const isPageAlone =
    tries.every((one) => one.status !== undefined) && timeline.failsForPage(name, url, from);
  if (kinds.includes('fallback') && !isPageAlone) return undefined;
  const to = record.endedAt ?? from;
  const other = [...reachOf(run.description, director)].find((name) => {
    const backend = timeline.backend(name);
    if (backend === undefined || backend.identity === identity || record.full.includes(backend.identity))
      return false;
    return [from, to].every((at) => timeline.wasUsable(backend, at) && timeline.wouldAnswer(name, url, at));
  });
  if (other === undefined) return undefined;
  const message = `${method} ${url} was tried ${tries.length} times, each time at ${name}, although ${other}, which the director ${director} has as well, would have answered`;
  return { at: to, message, request: number };
}

/** By what the directors from a target on decide, where there is something to decide. */
function policiesBelow(description: ConfigDescription, target: string | undefined): Policy[] {
  const director = description.directors.find(({ name }) => name === target);
  if (director === undefined) return [];
  const { policy, members } = director;
  const below = members.flatMap((member) => policiesBelow(description, member.target));
  return members.length > 1 ? [policy.kind, ...below] : below;
}

type Policy = PolicyDeclaration['kind'];

/** Those that pick the same member for the same request, time and again. */
const stable: ReadonlySet<Policy> = new Set<Policy>(['fallback', 'hash', 'shard']);
