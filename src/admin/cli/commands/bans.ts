/** `ban`, `ban.list`. */
import type { IssuedBan } from '../../../proxy/data-plane.ts';
import type { CliCommand } from '../cli-command.ts';
import { reply, wrong } from '../cli-reply.ts';
import { jsonObject, jsonReply } from '../json-reply.ts';
import { secondsNow } from './serving.ts';

export const banCommands: readonly CliCommand[] = [
  {
    name: 'ban',
    syntax: 'ban <field> <operator> <arg> [&& <field> <oper> <arg> ...]',
    help: 'Mark obsolete all objects where all the conditions match.',
    least: 3,
    most: undefined,
    needsWorker: true,
    run({ stage, args }) {
      const mistake = mistakeInWords(args) ?? stage.operated.issueBan(args);
      return mistake === undefined ? reply('') : wrong(mistake);
    },
  },
  {
    name: 'ban.list',
    syntax: 'ban.list [-j]',
    help: 'List the active bans.',
    least: 0,
    most: 0,
    needsWorker: true,
    run({ stage }) {
      const lines = stage.operated.listBans().map((ban) => {
        return `${secondsOf(ban)} ${String(ban.holders).padStart(5)} ${ban.isCompleted ? 'C' : '-'}  ${ban.text}\n`;
      });
      return reply(`Present bans:\n${lines.join('')}`);
    },
    json: ({ stage, words }) =>
      jsonReply(
        2,
        words,
        secondsNow(stage),
        stage.operated.listBans().map((ban) =>
          jsonObject([
            ['time', secondsOf(ban)],
            ['refs', String(ban.holders)],
            ['completed', String(ban.isCompleted)],
            ['spec', JSON.stringify(ban.text)],
          ]),
        ),
      ),
  },
];

/** As there, looked at before the conditions are, and in other words than those of `ban()`. */
function mistakeInWords(words: readonly string[]): string | undefined {
  if (words.length % 4 !== 3) return 'Wrong number of arguments';
  for (let at = 3; at < words.length; at += 4) {
    if (words[at] !== '&&') return `Found "${words[at]}" expected &&`;
  }
  return undefined;
}

function secondsOf({ at }: IssuedBan): string {
  return (at / 1_000).toFixed(6);
}
