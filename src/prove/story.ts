/**
 * A run as a story: what happened, to whom, and what it changed, in the order of time. Only what a reader needs to
 * follow how it came to the finding.
 */

import type { ResolvedBackend } from '../config/declaration.ts';
import type { BackendTry } from '../proxy/request/request-report.ts';
import { describeFault } from '../simulation/fault.ts';
import { type BackendHealth, isUsable } from '../snapshot.ts';
import type { Finding } from './invariant.ts';
import type { RequestRecord, Run } from './run.ts';
import type { Act, ClientRequest, Operation } from './scenario.ts';
import { nameOfIdentity } from './timeline.ts';

/** Who does something, or has it done to: a backend's name, or one of these. */
type Actor = string;

export interface StoryLine {
  /** Milliseconds since the start. */
  readonly at: number;
  readonly actor: Actor;
  readonly event: string;
  /** What it was, and what it is now; absent where nothing changed. */
  readonly change?: readonly [before: string, after: string];
  /** Whom the actor turns to; absent: nobody. */
  readonly to?: Actor;
  /** What comes back. */
  readonly answer?: string;
}

/** Lines of a story, at most. */
const MOST_LINES = 12;

export function storyOf(run: Run, finding: Finding): StoryLine[] {
  const lines = [...scenarioLines(run), ...healthLines(run), ...peerLines(run)].filter(
    ({ at }) => at <= finding.at,
  );
  const ordered = lines.map((line, order) => ({ line, order }));
  ordered.sort((a, b) => a.line.at - b.line.at || a.order - b.order);
  return shortened(ordered.map(({ line }) => line));
}

/** The first lines and the last ones; what is left out is said. */
function shortened(lines: readonly StoryLine[]): StoryLine[] {
  if (lines.length <= MOST_LINES) return [...lines];
  const kept = MOST_LINES - 1;
  const first = Math.ceil(kept / 2);
  const left = lines.length - kept;
  const at = lines[first]?.at ?? 0;
  const gap: StoryLine = { at, actor: '…', event: `${left} more events like these` };
  return [...lines.slice(0, first), gap, ...lines.slice(lines.length - (kept - first))];
}

function* scenarioLines(run: Run): Generator<StoryLine> {
  for (const { at, event, act } of run.acts) {
    if (act.kind === 'request') yield requestLine(at, act.request, run, event);
    else yield actLine(at, act);
  }
  for (const { at, event } of run.faultEnds) {
    const act = run.acts.find((one) => one.event === event)?.act;
    if (act?.kind !== 'fault') continue;
    yield { at, actor: act.at, event: 'is well again', change: [describeFault(act.fault).state, 'well'] };
  }
}

function actLine(at: number, act: Exclude<Act, { kind: 'request' }>): StoryLine {
  if (act.kind === 'fault') {
    const { event, state } = describeFault(act.fault);
    return { at, actor: act.at, event, change: ['well', state] };
  }
  return { at, actor: 'operator', event: describeOperation(act.operation), to: 'proxy' };
}

function describeOperation(operation: Operation): string {
  switch (operation.command) {
    case 'reload':
      return 'loads the config again, uses it, and discards the one before';
    case 'load':
      return 'loads another copy of the config';
    case 'use':
      return 'switches to the copy loaded last';
    case 'discard':
      return 'discards the oldest copy that is not in use';
    case 'set-health':
      return `sets ${operation.backend} to ${operation.health}`;
    default:
      return operation satisfies never;
  }
}

function requestLine(at: number, request: ClientRequest, run: Run, event: number): StoryLine {
  const { method, url, host, fields, client, times } = request;
  const details = [
    ...(host === 'example.com' ? [] : [`Host: ${host}`]),
    ...pairs(fields),
    ...(client === '198.51.100.7' ? [] : [`from ${client}`]),
  ];
  const suffix = details.length === 0 ? '' : ` (${details.join(', ')})`;
  const who = times === 1 ? 'client' : `${times} clients`;
  const records = run.requests.filter((one) => one.event === event);
  return {
    at,
    actor: 'client',
    event: `${times === 1 ? '' : `${who}: `}${method} ${url}${suffix}`,
    to: 'proxy',
    answer: answersTo(records),
  };
}

function pairs(fields: readonly string[]): string[] {
  const found: string[] = [];
  for (let i = 0; i < fields.length; i += 2) found.push(`${fields[i]}: ${fields[i + 1]}`);
  return found;
}

/** Equal answers are told once. */
function answersTo(records: readonly RequestRecord[]): string {
  const counts = new Map<string, number>();
  for (const record of records) {
    const text = answerTo(record);
    counts.set(text, (counts.get(text) ?? 0) + 1);
  }
  const texts = [...counts].map(([text, count]) => (records.length === 1 ? text : `${count} × ${text}`));
  return texts.slice(0, 3).join('; ');
}

function answerTo({ state, status, report, written, isCached }: RequestRecord): string {
  const tries = counted((report?.tries ?? []).map(describeTry));
  const seen =
    tries.length > 4 ? [...tries.slice(0, 2), `… ${tries.length - 3} more`, ...tries.slice(-1)] : tries;
  const restarts =
    (report?.restarts ?? 0) > 0
      ? [report?.restarts === 1 ? '1 restart' : `${report?.restarts} restarts`]
      : [];
  const source = isCached && written !== undefined ? [`from the cache, written by ${written.backend}`] : [];
  const why = [...restarts, ...seen, ...source].join(', then ');
  const what =
    state === 'none' || state === 'under way' ? 'no answer' : state === 'cut' ? `${status}, cut off` : status;
  return why === '' ? String(what) : `${what} (${why})`;
}

/** The same thing several times in a row is told once. */
function counted(texts: readonly string[]): string[] {
  const runs: { text: string; times: number }[] = [];
  for (const text of texts) {
    const last = runs.at(-1);
    if (last?.text === text) last.times++;
    else runs.push({ text, times: 1 });
  }
  return runs.map(({ text, times }) => (times === 1 ? text : `${times} times ${text}`));
}

function describeTry({ identity, error, status, deniedForMs }: BackendTry): string {
  if (identity === undefined) return error?.message ?? 'nobody asked';
  const denied = deniedForMs === undefined ? '' : `, denied for ${deniedForMs / 1_000} s`;
  const outcome =
    error === undefined ? String(status ?? 'no answer') : error.message.replace(`${identity}: `, '');
  return `${nameOfIdentity(identity)}: ${outcome}${denied}`;
}

function* healthLines(run: Run): Generator<StoryLine> {
  for (const { at, identity, before, after } of run.health) {
    const backend = run.description.backends.find((one) => one.identity === identity);
    if (at <= 0 || backend === undefined) continue;
    const hasProbe = backend.probe !== undefined;
    const [was, is] = [describeHealth(before, hasProbe), describeHealth(after, hasProbe)];
    if (was === is) continue;
    const event = before?.override === after?.override ? probesOf(run, backend, at) : 'as ordered';
    yield { at, actor: backend.name, event, change: [was, is] };
  }
}

/** `3 of its last 4 probes have failed`. */
function probesOf({ probes }: Run, { identity, probe }: ResolvedBackend, at: number): string {
  const ended = probes.filter(
    (one) => one.identity === identity && one.endedAt !== undefined && one.endedAt <= at,
  );
  const counting = ended.slice(-(probe?.window ?? 1));
  const bad = counting.filter(({ isHappy }) => isHappy !== true).length;
  return `${bad} of its last ${counting.length} probes failed`;
}

function describeHealth(health: BackendHealth | undefined, hasProbe: boolean): string {
  if (health === undefined) return 'unknown';
  return isUsable(health, hasProbe) ? 'healthy' : 'sick';
}

/** The first few are enough to see what goes on. */
function* peerLines(run: Run): Generator<StoryLine> {
  const echoes = run.requests.filter(({ event }) => event === undefined);
  for (const { at, method, url, status } of echoes.slice(0, 3)) {
    yield {
      at,
      actor: 'peer',
      event: `${method} ${url}, which this proxy told it`,
      to: 'proxy',
      answer: String(status),
    };
  }
  const more = echoes[3];
  if (more !== undefined) {
    yield {
      at: more.at,
      actor: 'peer',
      event: `${more.method} ${more.url}, and so on, ${echoes.length - 3} times`,
      to: 'proxy',
    };
  }
}
