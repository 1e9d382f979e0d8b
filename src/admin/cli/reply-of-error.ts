/** The one place where errors become replies of the command line. */
import { type ErrorCode, TroupeError } from '../../errors.ts';
import { type CliReply, CliStatus, type CliStatusCode } from './cli-reply.ts';

/** All others are 106: what was asked for is not there, or cannot be read. */
const statuses: Partial<Record<ErrorCode, CliStatusCode>> = {
  'command.config-in-use': CliStatus.cannot,
  'command.config-not-ready': CliStatus.cannot,
  'command.stopping': CliStatus.cannot,
  'config.hook-failed': CliStatus.cannot,
  'troupe.listen-failed': CliStatus.cannot,
  'troupe.internal': CliStatus.cannot,
};

export function replyOfError(error: unknown): CliReply {
  if (!(error instanceof TroupeError)) {
    const text = `This is a mistake of Troupe: ${error instanceof Error ? error.message : String(error)}\n`;
    return { status: CliStatus.cannot, text };
  }
  const { code, message, advice } = error;
  const text = advice === undefined ? `${message}\n` : `${message}\n${advice}\n`;
  return { status: statuses[code] ?? CliStatus.parameter, text };
}
