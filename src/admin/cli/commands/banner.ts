/** `banner`: what is said to whoever has come in. */
import { arch, release } from 'node:os';
import { version } from '../../../version.ts';
import type { CliCommand } from '../cli-command.ts';
import { type CliReply, reply } from '../cli-reply.ts';
import type { CliStage } from '../cli-stage.ts';

export function banner({ operated }: CliStage): CliReply {
  const rule = '-----------------------------';
  return reply(
    [
      rule,
      'Troupe CLI 1.0',
      rule,
      `Linux,${release()},${arch() === 'x64' ? 'x86_64' : arch()},-jnone,-smalloc,-smalloc,-hhash`,
      `troupe-${version}`,
      '',
      "Type 'help' for command list.",
      "Type 'quit' to close CLI session.",
      ...(operated.isServing ? [] : ["Type 'start' to launch worker process."]),
      '',
    ].join('\n'),
  );
}

export const bannerCommand: CliCommand = {
  name: 'banner',
  syntax: 'banner',
  help: 'Print welcome banner.',
  least: 0,
  most: 0,
  run: ({ stage }) => banner(stage),
};
