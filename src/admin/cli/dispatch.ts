/** From the words of a command to its reply: which command, with how many arguments, in text or in JSON. */
import type { CliCommand } from './cli-command.ts';
import { type CliReply, CliStatus } from './cli-reply.ts';
import type { CliStage } from './cli-stage.ts';
import { replyOfError } from './reply-of-error.ts';

const UNKNOWN = "Unknown request.\nType 'help' for more info.\n";

const UNKNOWN_WHEN_STOPPED =
  "Unknown request in manager process (child not running).\nType 'help' for more info.";

/** A command line that cannot be read. */
export function syntaxError(mistake: string): CliReply {
  return { status: CliStatus.syntax, text: `${UNKNOWN}Syntax Error: ${mistake}\n` };
}

/**
 * Carries out a command.
 *
 * @param commands those that may be called, by name
 * @param line the words of the line as they came, one character for each byte
 */
export function dispatch(
  commands: ReadonlyMap<string, CliCommand>,
  stage: CliStage,
  line: readonly string[],
): CliReply | Promise<CliReply> {
  const name = line[0] === undefined ? undefined : asText(line[0]);
  if (name === undefined) {
    return { status: CliStatus.syntax, text: `${UNKNOWN}Empty CLI command.\n` };
  }
  if (/^[A-Z]/.test(name)) {
    return { status: CliStatus.unknown, text: `${UNKNOWN}all commands are in lower-case.\n` };
  }
  const command = /^[a-z]/.test(name) ? commands.get(name) : undefined;
  const isServing = stage.operated.isServing;
  if (command === undefined || (command.needsWorker === true && !isServing)) {
    return { status: CliStatus.unknown, text: isServing ? UNKNOWN : UNKNOWN_WHEN_STOPPED };
  }
  const bytes = dropsEmptyWords(command) ? line.filter((word) => word !== '') : line;
  const words = bytes.map(asText);
  const args = words.slice(1);
  const json = args[0] === '-j' ? 1 : 0;
  const run = json === 1 ? command.json : command.run;
  if (run === undefined) {
    const text = json === 1 ? 'JSON unimplemented\n' : 'Unimplemented\n';
    return { status: CliStatus.unimplemented, text };
  }
  if (args.length < command.least + json) return { status: CliStatus.tooFew, text: 'Too few parameters\n' };
  if (command.most !== undefined && args.length > command.most + json) {
    return { status: CliStatus.tooMany, text: 'Too many parameters\n' };
  }
  try {
    const replied = run({ stage, args, bytes: bytes.slice(1), words });
    return replied instanceof Promise ? replied.catch(replyOfError) : replied;
  } catch (error) {
    return replyOfError(error);
  }
}

/**
 * varnishd loses empty words on their way to its worker. So `backend.set_health "$B" sick` is refused where the variable
 * is empty, which otherwise would mean all backends; and `ban req.url ~ ""` bans nothing instead of everything.
 */
function dropsEmptyWords({ needsWorker, dropsEmptyWords: drops }: CliCommand): boolean {
  return needsWorker === true || drops === true;
}

function asText(bytes: string): string {
  return Buffer.from(bytes, 'latin1').toString('utf8');
}
