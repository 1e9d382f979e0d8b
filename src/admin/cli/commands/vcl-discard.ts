/** `vcl.discard`: several, and by patterns; all that match, or none. */
import type { ConfigShelf, Shelved } from '../../config-shelf.ts';
import { matchesGlob } from '../../glob.ts';
import type { CliCommand } from '../cli-command.ts';
import { type CliReply, cannot, reply, wrong } from '../cli-reply.ts';
import type { CliStage } from '../cli-stage.ts';

export const vclDiscardCommand: CliCommand = {
  name: 'vcl.discard',
  syntax: 'vcl.discard <name_pattern>...',
  help: 'Unload the named configurations (when possible).',
  least: 1,
  most: undefined,
  run: ({ stage, args }) => discard(stage, args),
};

/** Names of dependents that are told. */
const MOST_TOLD = 5;

async function discard({ shelf }: CliStage, patterns: readonly string[]): Promise<CliReply> {
  const active = shelf.activeName();
  const marked = new Set<Shelved>();
  for (const pattern of patterns) {
    const matching = shelf.entries().filter(({ name }) => matchesGlob(pattern, name));
    if (matching.length === 0) return wrong(`No VCL name matches ${pattern}\n`);
    for (const entry of matching) {
      if (entry.name === active) return cannot(`Cannot discard active VCL program ${entry.name}\n`);
      marked.add(entry);
    }
  }
  for (const entry of marked) {
    const dependents = shelf.dependents(entry);
    if (dependents.some((one) => !marked.has(one))) return cannot(dependencyTold(entry, dependents));
  }
  for (const entry of inOrder(shelf, [...marked])) await shelf.discard(entry.name);
  return reply('');
}

function dependencyTold({ kind, name }: Shelved, dependents: readonly Shelved[]): string {
  const head =
    kind === 'config'
      ? `Cannot discard labeled VCL program ${name}:\n`
      : `Cannot discard VCL label ${name}, other VCLs depend on it:\n`;
  const told = dependents.slice(0, MOST_TOLD).map((one) => `\t${one.name}\n`);
  return `${head}${told.join('')}${dependents.length > MOST_TOLD ? '\t[...]' : ''}`;
}

/** What depends on others goes first. */
function inOrder(shelf: ConfigShelf, entries: readonly Shelved[]): readonly Shelved[] {
  const ordered = new Set<Shelved>();
  const visit = (entry: Shelved) => {
    if (ordered.has(entry)) return;
    for (const one of shelf.dependents(entry)) visit(one);
    ordered.add(entry);
  };
  for (const entry of entries) visit(entry);
  return [...ordered];
}
