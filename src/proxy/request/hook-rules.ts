/**
 * What each hook with a request may return, and what returning nothing means: vcl-step(7) as a table. `fail`
 * is legal everywhere, and is what a hook's error comes to.
 */
import type {
  BackendErrorAction,
  BackendFetchAction,
  BackendResponseAction,
  DeliverAction,
  HashAction,
  HitAction,
  Hooks,
  MissAction,
  PassAction,
  PipeAction,
  PurgeAction,
  RecvAction,
  SynthAction,
} from '../../config/hooks.ts';
import { isFinalStatus, isReason, shown } from './message-check.ts';

export interface HookRule<Action> {
  readonly hook: keyof Hooks;
  readonly byDefault: Action;
  /** Legal answers that are words. */
  readonly words: ReadonlySet<unknown>;
  /** Whether `{ synth: status }` is legal, too. */
  readonly takesSynth: boolean;
}

function rule<Action>(
  hook: keyof Hooks,
  byDefault: Action,
  words: readonly Exclude<Action, object>[],
  takesSynth: boolean,
): HookRule<Action> {
  return { hook, byDefault, words: new Set<unknown>(words), takesSynth };
}

export const hookRules = {
  recv: rule<RecvAction>('recv', 'hash', ['hash', 'pass', 'pipe', 'purge', 'restart', 'fail'], true),
  hash: rule<HashAction>('hash', 'lookup', ['lookup', 'fail'], false),
  pipe: rule<PipeAction>('pipe', 'pipe', ['pipe', 'fail'], true),
  pass: rule<PassAction>('pass', 'fetch', ['fetch', 'restart', 'fail'], true),
  hit: rule<HitAction>('hit', 'deliver', ['deliver', 'pass', 'restart', 'fail'], true),
  miss: rule<MissAction>('miss', 'fetch', ['fetch', 'pass', 'restart', 'fail'], true),
  purge: rule<PurgeAction>('purge', { synth: 200, reason: 'Purged' }, ['restart', 'fail'], true),
  backendFetch: rule<BackendFetchAction>('backendFetch', 'fetch', ['fetch', 'abandon', 'fail'], false),
  backendResponse: rule<BackendResponseAction>(
    'backendResponse',
    'deliver',
    ['deliver', 'retry', 'abandon', 'pass', 'fail'],
    false,
  ),
  backendError: rule<BackendErrorAction>(
    'backendError',
    'deliver',
    ['deliver', 'retry', 'abandon', 'fail'],
    false,
  ),
  deliver: rule<DeliverAction>('deliver', 'deliver', ['deliver', 'restart', 'fail'], true),
  synth: rule<SynthAction>('synth', 'deliver', ['deliver', 'restart', 'fail'], false),
} as const;

/** A sentence about what is wrong with a hook's answer, or undefined if nothing is. */
export function illegalAnswer<Action>(rule: HookRule<Action>, answer: unknown): string | undefined {
  if (rule.words.has(answer)) return undefined;
  if (rule.takesSynth && typeof answer === 'object' && answer !== null && 'synth' in answer) {
    return illegalSynth(answer);
  }
  const words = [...rule.words].map((word) => `'${word}'`);
  if (rule.takesSynth) words.push('{ synth: STATUS }');
  return `returned ${shown(answer)}; it may return ${words.join(', ')}, or nothing`;
}

function illegalSynth(answer: { readonly synth: unknown; readonly reason?: unknown }): string | undefined {
  if (!isFinalStatus(answer.synth)) {
    return `returned { synth: ${shown(answer.synth)} }; a status is a whole number from 200 to 999`;
  }
  if (answer.reason === undefined || isReason(answer.reason)) return undefined;
  return `returned the reason ${shown(answer.reason)}; a reason is one line of latin1 text`;
}
