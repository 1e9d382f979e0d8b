/** All commands of the command line, in the order in which `help` lists them. */
import type { CliCommand } from './cli-command.ts';
import { backendCommands } from './commands/backends.ts';
import { bannerCommand } from './commands/banner.ts';
import { banCommands } from './commands/bans.ts';
import { debugCommands } from './commands/debug.ts';
import { helpCommand } from './commands/help.ts';
import { parameterCommands } from './commands/parameters.ts';
import { servingCommands } from './commands/serving.ts';
import { sessionCommands } from './commands/session.ts';
import { storageCommands } from './commands/storage.ts';
import { troupeCommands } from './commands/troupe.ts';
import { vclDiscardCommand } from './commands/vcl-discard.ts';
import { vclListCommands } from './commands/vcl-list.ts';
import { vclLoadCommands } from './commands/vcl-load.ts';
import { vclUseCommands } from './commands/vcl-use.ts';

const all: readonly CliCommand[] = [
  ...sessionCommands,
  helpCommand(() => all),
  bannerCommand,
  ...backendCommands,
  ...parameterCommands,
  ...servingCommands,
  ...banCommands,
  ...storageCommands,
  ...troupeCommands,
  ...debugCommands,
  ...vclLoadCommands,
  ...vclUseCommands,
  vclDiscardCommand,
  ...vclListCommands,
].toSorted((a, b) => (a.name < b.name ? -1 : 1));

export const commands: ReadonlyMap<string, CliCommand> = byName(all);

/** For whoever has not authenticated. */
export const openCommands: ReadonlyMap<string, CliCommand> = byName(all.filter(({ open }) => open === true));

function byName(list: readonly CliCommand[]): ReadonlyMap<string, CliCommand> {
  return new Map(list.map((command) => [command.name, command]));
}
