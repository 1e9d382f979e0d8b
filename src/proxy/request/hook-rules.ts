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
  /** What else is legal: `{ synth: STATUS }` or `{ error: STATUS }`. */
  readonly takes: 'synth' | 'error' | undefined;
}

function rule<Action>(
  hook: keyof Hooks,
  byDefault: Action,
  words: readonly Exclude<Action, object>[],
  takes?: 'synth' | 'error',
): HookRule<Action> {
  return { hook, byDefault, words: new Set<unknown>(words), takes };
}

/** Go on in the config that a label points to, with the request as it came: `return (vcl(label))`. */
export interface HandOver {
  readonly vcl: string;
}

export const hookRules = {
  recv: rule<RecvAction | HandOver>(
    'recv',
    'hash',
    ['hash', 'pass', 'pipe', 'purge', 'restart', 'fail'],
    'synth',
  ),
  hash: rule<HashAction>('hash', 'lookup', ['lookup', 'fail']),
  pipe: rule<PipeAction>('pipe', 'pipe', ['pipe', 'fail'], 'synth'),
  pass: rule<PassAction>('pass', 'fetch', ['fetch', 'restart', 'fail'], 'synth'),
  hit: rule<HitAction>('hit', 'deliver', ['deliver', 'pass', 'restart', 'fail'], 'synth'),
  miss: rule<MissAction>('miss', 'fetch', ['fetch', 'pass', 'restart', 'fail'], 'synth'),
  purge: rule<PurgeAction>('purge', { synth: 200, reason: 'Purged' }, ['restart', 'fail'], 'synth'),
  backendFetch: rule<BackendFetchAction>('backendFetch', 'fetch', ['fetch', 'abandon', 'fail'], 'error'),
  backendResponse: rule<BackendResponseAction>(
    'backendResponse',
    'deliver',
    ['deliver', 'retry', 'abandon', 'pass', 'fail'],
    'error',
  ),
  backendError: rule<BackendErrorAction>('backendError', 'deliver', ['deliver', 'retry', 'abandon', 'fail']),
  deliver: rule<DeliverAction>('deliver', 'deliver', ['deliver', 'restart', 'fail'], 'synth'),
  synth: rule<SynthAction>('synth', 'deliver', ['deliver', 'restart', 'fail']),
} as const;

/** A sentence about what is wrong with a hook's answer, or undefined if nothing is. */
export function illegalAnswer<Action>(rule: HookRule<Action>, answer: unknown): string | undefined {
  if (rule.words.has(answer)) return undefined;
  if (rule.hook === 'recv' && isHandOver(answer)) return undefined;
  const { takes } = rule;
  if (takes !== undefined && typeof answer === 'object' && answer !== null && takes in answer) {
    return illegalStatus(takes, answer);
  }
  const words = [...rule.words].map((word) => `'${word}'`);
  if (takes !== undefined) words.push(`{ ${takes}: STATUS }`);
  return `returned ${shown(answer)}; it may return ${words.join(', ')}, or nothing`;
}

function isHandOver(answer: unknown): answer is HandOver {
  return typeof answer === 'object' && answer !== null && 'vcl' in answer && typeof answer.vcl === 'string';
}

function illegalStatus(takes: 'synth' | 'error', answer: object): string | undefined {
  const { [takes]: status, reason } = answer as Readonly<Record<string, unknown>>;
  // Digits before the last three are for hooks only, as in VCL.
  const isStatus = typeof status === 'number' && status <= 65_535 && isFinalStatus(status % 1_000);
  if (!isStatus) {
    return `returned { ${takes}: ${shown(status)} }; a status is a whole number from 200 to 999`;
  }
  if (reason === undefined || isReason(reason)) return undefined;
  return `returned the reason ${shown(reason)}; a reason is one line of latin1 text`;
}
