/** `vcl.*`: configs loaded, used and discarded, as varnish-cli(7) has them. */
import type { CliCommand } from '../cli-command.ts';
import { reply } from '../cli-reply.ts';
import { columns } from '../columns.ts';

export const vclCommands: readonly CliCommand[] = [
  {
    name: 'vcl.load',
    syntax: 'vcl.load <configname> <filename> [auto|cold|warm]',
    help: 'Compile and load the VCL file under the name provided.',
    least: 2,
    most: 3,
    async run({ stage, args: [name = '', file = ''] }) {
      await stage.operated.load(name, file);
      return reply('');
    },
  },
  {
    name: 'vcl.use',
    syntax: 'vcl.use <configname|label>',
    help: 'Switch to the named configuration immediately.',
    least: 1,
    most: 1,
    async run({ stage, args: [name = ''] }) {
      await stage.operated.control.use(name);
      return reply(`VCL '${name}' now active`);
    },
  },
  {
    name: 'vcl.discard',
    syntax: 'vcl.discard <name_pattern>...',
    help: 'Unload the named configurations (when possible).',
    least: 1,
    most: undefined,
    async run({ stage, args }) {
      for (const name of args) await stage.operated.control.discard(name);
      return reply('');
    },
  },
  {
    name: 'vcl.list',
    syntax: 'vcl.list [-j]',
    help: 'List all loaded configuration.',
    least: 0,
    most: 0,
    run({ stage }) {
      const active = stage.shelf.activeName();
      return reply(
        columns(
          stage.shelf
            .entries()
            .map(({ name }) => [name === active ? 'active' : 'available', 'auto', 'warm', '0', name]),
        ),
      );
    },
  },
];
