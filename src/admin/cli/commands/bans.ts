/** `ban`, `ban.list`. */
import { readBan, shownBan } from '../ban-spec.ts';
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
      const tests = readBan(args);
      if (typeof tests === 'string') return wrong(tests);
      stage.bans.add(secondsNow(stage), tests, stage.parameters.value('ban_dups') === true);
      return reply('');
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
      const lines = stage.bans.list().map(({ at, tests, isCompleted }) => {
        return `${at.toFixed(6)} ${'0'.padStart(5)} ${isCompleted ? 'C' : '-'}  ${shownBan(tests)}\n`;
      });
      return reply(`Present bans:\n${lines.join('')}`);
    },
    json: ({ stage, words }) =>
      jsonReply(
        2,
        words,
        secondsNow(stage),
        stage.bans.list().flatMap(({ at, tests, isCompleted }) =>
          tests.length === 0
            ? []
            : [
                jsonObject([
                  ['time', at.toFixed(6)],
                  ['refs', '0'],
                  ['completed', String(isCompleted)],
                  ['spec', JSON.stringify(shownBan(tests))],
                ]),
              ],
        ),
      ),
  },
];
