/** What a command of the command line is made of. */
import type { CliReply } from './cli-reply.ts';
import type { CliStage } from './cli-stage.ts';

export interface CliCall {
  readonly stage: CliStage;
  /** After the command's name, as text; `-j` is among them. */
  readonly args: readonly string[];
  /** The same as they came, one character for each byte. */
  readonly bytes: readonly string[];
  /** The command's name and its arguments, for JSON. */
  readonly words: readonly string[];
}

type Run = (call: CliCall) => CliReply | Promise<CliReply>;

export interface CliCommand {
  readonly name: string;
  /** One line, as `help` shows it. */
  readonly syntax: string;
  /** What it does: one or more lines. */
  readonly help: string;
  /** Arguments, `-j` not counted. */
  readonly least: number;
  /** undefined: any number. */
  readonly most: number | undefined;
  /** d: shown by `help -d` only. */
  readonly hidden?: true;
  /** Not there while nothing is served. */
  readonly needsWorker?: true;
  /** An empty word counts as none, as in all that need the worker. */
  readonly dropsEmptyWords?: true;
  /** Taken before authentication, too. */
  readonly open?: true;
  readonly run?: Run;
  /** With `-j`. */
  readonly json?: Run;
}
