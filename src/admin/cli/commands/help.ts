/** `help`: what commands there are. */
import type { CliCommand } from '../cli-command.ts';
import { type CliReply, CliStatus, reply } from '../cli-reply.ts';
import type { CliStage } from '../cli-stage.ts';
import { jsonReply } from '../json-reply.ts';
import { secondsNow } from './serving.ts';

/** @param all the commands; they are known when somebody asks */
export function helpCommand(all: () => readonly CliCommand[]): CliCommand {
  return {
    name: 'help',
    syntax: 'help [-j|<command>]',
    help: 'Show command/protocol help.',
    least: 0,
    most: 1,
    open: true,
    dropsEmptyWords: true,
    run: ({ stage, args }) => help(present(all(), stage), args),
    json: ({ stage, words }) => jsonReply(2, words, secondsNow(stage), present(all(), stage).map(asJson)),
  };
}

function present(all: readonly CliCommand[], { operated }: CliStage): readonly CliCommand[] {
  return operated.isServing ? all : all.filter(({ needsWorker }) => needsWorker !== true);
}

function help(all: readonly CliCommand[], args: readonly string[]): CliReply {
  const [wanted] = args;
  if (wanted === undefined || wanted === '-a' || wanted === '-d') {
    const shown = all.filter(({ hidden = false }) => wanted === '-a' || hidden === (wanted === '-d'));
    return reply(shown.map(({ syntax }) => `${syntax}\n`).join(''));
  }
  if (wanted.startsWith('-')) return { status: CliStatus.unknown, text: 'Unknown flag\n' };
  const command = all.find(({ name }) => name === wanted);
  if (command !== undefined) return reply(`${command.syntax}\n${command.help}\n`);
  return { status: CliStatus.unknown, text: "Unknown request.\nType 'help' for more info.\n" };
}

function asJson({ name, syntax, help, least, most, hidden, json }: CliCommand): string {
  const members: readonly (readonly [string, unknown])[] = [
    ['request', name],
    ['syntax', syntax],
    ['help', help],
    ['minarg', least],
    ['maxarg', most ?? -1],
    ['flags', hidden === true ? 'd' : ''],
    ['json', json !== undefined],
  ];
  const lines = members.map(([key, value]) => `  "${key}": ${JSON.stringify(value)}`);
  return `{\n${lines.join(',\n')}\n}`;
}
