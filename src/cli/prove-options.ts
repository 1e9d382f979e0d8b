/** What `troupe prove` was asked to do, read from its command line. */
import { parseDuration } from '../duration.ts';

export interface ProveFlags {
  readonly runs?: string;
  readonly seed?: string;
  readonly timeLimit?: string;
  readonly replay?: string;
  readonly save?: string;
  readonly invariants?: string[];
}

export interface ProveCommand {
  /** undefined: that of the story to replay. */
  readonly file: string | undefined;
  readonly runs: number;
  readonly seed: number;
  readonly timeLimitMs: number | undefined;
  readonly replay: string | undefined;
  /** Where a finding is written; undefined: to a name made of the config's. */
  readonly save: string | undefined;
  readonly invariants: readonly string[];
}

/** Enough to find what the examples get wrong; some seconds. */
const RUNS_BY_DEFAULT = 300;

/** @returns what is wrong with the options, as a sentence, or what they mean */
export function proveCommand(file: string | undefined, flags: ProveFlags): ProveCommand | string {
  const runs = flags.runs === undefined ? RUNS_BY_DEFAULT : wholeNumber(flags.runs);
  if (runs === undefined || runs < 1) return `--runs ${flags.runs}: give a whole number from 1.`;
  const seed = flags.seed === undefined ? 1 : wholeNumber(flags.seed);
  if (seed === undefined) return `--seed ${flags.seed}: give a whole number.`;
  const timeLimitMs = flags.timeLimit === undefined ? undefined : timeLimit(flags.timeLimit);
  if (flags.timeLimit !== undefined && timeLimitMs === undefined) {
    return `--time-limit ${flags.timeLimit}: give seconds, or a number with a unit: 30s, 2m.`;
  }
  if (file === undefined && flags.replay === undefined)
    return 'Name the config to prove, or a story to --replay.';
  const { replay, save, invariants = [] } = flags;
  return { file, runs, seed, timeLimitMs, replay, save, invariants };
}

function wholeNumber(text: string): number | undefined {
  return /^-?\d{1,10}$/.test(text) ? Number(text) | 0 : undefined;
}

function timeLimit(text: string): number | undefined {
  const ms = /^\d+(?:\.\d+)?$/.test(text) ? Number(text) * 1_000 : parseDuration(text);
  return ms !== undefined && ms > 0 ? ms : undefined;
}
