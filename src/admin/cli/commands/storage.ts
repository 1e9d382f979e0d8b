/** `storage.list`, `panic.show`, `panic.clear`. */
import type { CliCommand } from '../cli-command.ts';
import { cannot, reply, wrong } from '../cli-reply.ts';
import { jsonObject, jsonReply } from '../json-reply.ts';
import { secondsNow } from './serving.ts';

/** All storages are in memory. */
const KIND = 'malloc';

const NO_PANIC = 'Child has not panicked or panic has been cleared';

export const storageCommands: readonly CliCommand[] = [
  {
    name: 'storage.list',
    syntax: 'storage.list [-j]',
    help: 'List storage devices.',
    least: 0,
    most: 0,
    run({ stage: { operated } }) {
      const lines = operated.storages().map((name) => `\tstorage.${name} = ${KIND}\n`);
      return reply(`Storage devices:\n${lines.join('')}`);
    },
    json: ({ stage, words }) =>
      jsonReply(
        2,
        words,
        secondsNow(stage),
        stage.operated.storages().map((name) =>
          jsonObject([
            ['name', JSON.stringify(name)],
            ['storage', JSON.stringify(KIND)],
          ]),
        ),
      ),
  },
  {
    name: 'panic.show',
    syntax: 'panic.show [-j]',
    help: 'Return the last panic, if any. Here: the last mistake of its own that Troupe has contained.',
    least: 0,
    most: 0,
    run({ stage: { operated } }) {
      const fault = operated.lastFault();
      return fault === undefined ? cannot(NO_PANIC) : reply(`${fault}\n`);
    },
    json({ stage, words }) {
      const fault = stage.operated.lastFault();
      return fault === undefined
        ? cannot(NO_PANIC)
        : jsonReply(2, words, secondsNow(stage), [JSON.stringify(fault)]);
    },
  },
  {
    name: 'panic.clear',
    syntax: 'panic.clear [-z]',
    help: 'Clear the last panic, if any, -z will clear related varnishstat counter(s)',
    least: 0,
    most: 1,
    run({ stage: { operated }, args: [flag] }) {
      if (flag !== undefined && flag !== '-z') return wrong(`Unknown parameter "${flag}".`);
      if (operated.lastFault() === undefined && flag === undefined) return cannot('No panic to clear');
      operated.clearFault();
      return reply('');
    },
  },
];
