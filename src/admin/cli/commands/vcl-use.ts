/** `vcl.use`, `vcl.state`, `vcl.label`: which config serves, which are kept ready, and under which other names. */
import type { ConfigShelf, Shelved } from '../../config-shelf.ts';
import { previewSwitch } from '../../http/show/preview-switch.ts';
import type { CliCommand } from '../cli-command.ts';
import { type CliReply, CliStatus, cannot, reply, wrong } from '../cli-reply.ts';
import type { CliStage } from '../cli-stage.ts';
import { findNamed, invalidName, wantedState } from '../vcl-names.ts';

export const vclUseCommands: readonly CliCommand[] = [
  {
    name: 'vcl.use',
    syntax: 'vcl.use <configname|label> [--dry-run]',
    help: 'Switch to the named configuration immediately.\nWith --dry-run: tell what that would change.',
    least: 1,
    most: 2,
    run: ({ stage, args: [name = '', flag] }) => use(stage, name, flag),
  },
  {
    name: 'vcl.state',
    syntax: 'vcl.state <configname> [auto|cold|warm]',
    help: '  Force the state of the named configuration.',
    least: 2,
    most: 2,
    run: ({ stage, args: [name = '', state = ''] }) => setState(stage, name, state),
  },
  {
    name: 'vcl.label',
    syntax: 'vcl.label <label> <configname>',
    help: 'Apply label to configuration.',
    least: 2,
    most: 2,
    run: ({ stage, args: [label = '', name = ''] }) => setLabel(stage, label, name),
  },
];

async function use(stage: CliStage, name: string, flag: string | undefined): Promise<CliReply> {
  if (flag !== undefined && flag !== '--dry-run') {
    return { status: CliStatus.tooMany, text: 'Too many parameters\n' };
  }
  const { shelf } = stage;
  const named = findNamed(shelf, name);
  if ('refusal' in named) return named.refusal;
  const { found } = named;
  if (isKeptCold(shelf, found)) {
    return cannot(`VCL '${shelf.configOf(found)}' is cold - set to auto or warm first`);
  }
  if (flag !== undefined) {
    await shelf.warm(shelf.configOf(found));
    return reply(shownPreview(stage, shelf.configOf(found)));
  }
  if (shelf.activeName() === name) return reply('');
  await shelf.use(name);
  return reply(`VCL '${name}' now active`);
}

/** Cold because an operator wants it. */
function isKeptCold(shelf: ConfigShelf, entry: Shelved): boolean {
  const config = shelf.find(shelf.configOf(entry));
  return config?.kind === 'config' && config.wanted === 'cold';
}

function shownPreview({ operated: { control } }: CliStage, config: string): string {
  const preview = previewSwitch(control, config);
  const sick = preview.sickBackends.map(({ identity, health, override }) => {
    return override === 'auto' ? `${identity} (${health})` : `${identity} (${override}, by an operator)`;
  });
  const moved = preview.pollersThatMove.map(({ identity, from, to }) => {
    return `${identity} from ${from ?? 'none'} to ${to}`;
  });
  const lines: readonly (readonly [string, readonly string[]])[] = [
    ['New backends', preview.newIdentities],
    ['Backends left behind', preview.oldIdentities],
    ['Pollers that take another probe', moved],
    ['Backends that get no requests', sick],
    ['Directors without a healthy member', preview.sickDirectors],
  ];
  const listed = lines.map(([title, items]) =>
    items.length === 0 ? `${title}: none\n` : `${title}:\n${items.map((item) => `\t${item}\n`).join('')}`,
  );
  return `Dry run: VCL '${config}' in place of '${preview.before ?? 'none'}'\n${listed.join('')}`;
}

async function setState({ shelf }: CliStage, name: string, text: string): Promise<CliReply> {
  const named = findNamed(shelf, name);
  if ('refusal' in named) return named.refusal;
  const { found } = named;
  if (found.kind === 'label') return wrong('Labels are always warm');
  const wanted = wantedState(text);
  if (typeof wanted === 'object') return wanted;
  if (wanted === 'cold') {
    if (shelf.dependents(found).length > 0) return cannot('A labeled VCL cannot be set cold');
    if (shelf.activeName() === name || shelf.stateOf(name) === 'active') {
      return cannot('Cannot set the active VCL cold.');
    }
  }
  await shelf.setState(name, wanted);
  return reply('');
}

async function setLabel({ shelf }: CliStage, name: string, target: string): Promise<CliReply> {
  const invalid = invalidName(name);
  if (invalid !== undefined) return invalid;
  const label = shelf.find(name);
  if (label?.kind === 'config') return wrong(`${name} is not a label`);
  const named = findNamed(shelf, target);
  if ('refusal' in named) return named.refusal;
  const { found } = named;
  if (found.kind === 'label') return cannot('VCL labels cannot point to labels');
  if (label !== undefined && label.target !== target) {
    const way = wayTo(shelf, found, label);
    if (way !== undefined) return wrong(`${way}Pointing label ${name} at ${target} would create a loop`);
  }
  if (isKeptCold(shelf, found)) return cannot(`VCL '${target}' is cold - set to auto or warm first`);
  await shelf.label(name, target);
  return reply('');
}

/** How one leads to the other, in sentences, the last step first; undefined: it does not. */
function wayTo(shelf: ConfigShelf, from: Shelved, to: Shelved): string | undefined {
  if (from.name === to.name) return '';
  for (const next of shelf.dependencies(from)) {
    const way = wayTo(shelf, next, to);
    if (way === undefined) continue;
    const step =
      from.kind === 'label'
        ? `Label ${from.name} points to vcl ${next.name}`
        : `Vcl ${from.name} uses Label ${next.name}`;
    return `${way}${step}\n`;
  }
  return undefined;
}
