/** `ping`, `quit` and `auth`: about the connection itself. */
import type { CliCommand } from '../cli-command.ts';
import { CliStatus, reply } from '../cli-reply.ts';
import { jsonReply } from '../json-reply.ts';
import { secondsNow } from './serving.ts';

export const sessionCommands: readonly CliCommand[] = [
  {
    name: 'ping',
    syntax: 'ping [-j] [<timestamp>]',
    help: 'Keep connection alive.',
    least: 0,
    most: 1,
    open: true,
    run: ({ stage }) => reply(`PONG ${Math.floor(secondsNow(stage))} 1.0`),
    json: ({ stage, words }) => jsonReply(2, words, secondsNow(stage), ['"PONG"']),
  },
  {
    name: 'quit',
    syntax: 'quit',
    help: 'Close connection.',
    least: 0,
    most: 0,
    open: true,
    run: () => ({ status: CliStatus.close, text: 'Closing CLI connection' }),
  },
  {
    name: 'auth',
    syntax: 'auth <response>',
    help: 'Authenticate.',
    least: 1,
    most: 1,
    open: true,
    // The session knows its challenge, and takes the answer itself.
    run: () => ({ status: CliStatus.cannot, text: 'Secret file not configured\n' }),
  },
];
