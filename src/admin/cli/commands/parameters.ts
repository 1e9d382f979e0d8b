/** `param.show`, `param.set`, `param.reset`, as varnish-cli(7) has them. */
import type { ParameterSet } from '../../parameters/parameter-set.ts';
import type { ParameterSpec } from '../../parameters/parameter-specs.ts';
import type { CliCall, CliCommand } from '../cli-command.ts';
import { type CliReply, CliStatus, cannot, reply, wrong } from '../cli-reply.ts';
import { jsonObject, jsonReply } from '../json-reply.ts';
import { secondsNow } from './serving.ts';

export const parameterCommands: readonly CliCommand[] = [
  {
    name: 'param.show',
    syntax: 'param.show [-l|-j] [<param>|changed]',
    help: 'Show parameters and their values.',
    least: 0,
    most: 2,
    run: show,
    json: showInJson,
  },
  {
    name: 'param.set',
    syntax: 'param.set [-j] <param> <value>',
    help: 'Set parameter value.',
    least: 2,
    most: 2,
    run: ({ stage, args: [name = '', value = ''] }) => set(stage.parameters, name, value),
    json({ stage, args: [, name = '', value = ''], words }) {
      const done = set(stage.parameters, name, value);
      if (done.status !== CliStatus.ok) return done;
      const spec = stage.parameters.find(name);
      const shown = spec === undefined ? [] : [inJson(stage.parameters, spec)];
      return jsonReply(2, words.slice(0, -1), secondsNow(stage), shown);
    },
  },
  {
    name: 'param.reset',
    syntax: 'param.reset <param>',
    help: 'Reset parameter to default value.',
    least: 1,
    most: 1,
    run({ stage: { parameters }, args: [name = ''] }) {
      const spec = parameters.find(name);
      if (spec === undefined) return unknown(name);
      parameters.reset(name);
      return reply(whenItTakesEffect(spec));
    },
  },
];

function set(parameters: ParameterSet, name: string, value: string): CliReply {
  const spec = parameters.find(name);
  if (spec === undefined) return unknown(name);
  if (spec.kind === 'absent') return cannot(`parameter "${name}" is not available on this platform.`);
  const mistake = parameters.set(name, value);
  if (mistake === undefined) return reply(whenItTakesEffect(spec));
  return wrong(`${mistake}\n(attempting to set param '${name}' to '${value}')`);
}

function unknown(name: string): CliReply {
  return wrong(`Unknown parameter "${name}".`);
}

function whenItTakesEffect({ takes }: ParameterSpec): string {
  if (takes === 'load') return '\nChange will take effect when VCL script is reloaded';
  return takes === 'restart' ? '\nChange will take effect when Troupe is started again' : '';
}

interface Wanted {
  readonly isLong: boolean;
  readonly changedOnly: boolean;
  readonly name: string | undefined;
}

function wantedOf(args: readonly string[]): Wanted | undefined {
  const names = args.filter((one) => one !== '-l' && one !== 'changed');
  if (names.length > 1) return undefined;
  const [name] = names;
  const isLong = args.includes('-l') || name !== undefined;
  return { isLong, changedOnly: args.includes('changed'), name };
}

const tooMany: CliReply = { status: CliStatus.tooMany, text: 'Too many parameters' };

function show({ stage: { parameters }, args }: CliCall): CliReply {
  const wanted = wantedOf(args);
  if (wanted === undefined) return tooMany;
  const { isLong, name } = wanted;
  if (name !== undefined && parameters.find(name) === undefined) return unknown(name);
  return reply(
    shownOnes(parameters, wanted)
      .map((one) => (isLong ? long : short)(parameters, one))
      .join(''),
  );
}

function showInJson({ stage, args, words }: CliCall): CliReply {
  if (args.includes('-l')) return wrong('-l not permitted with param.show -j');
  const wanted = wantedOf(args.filter((one) => one !== '-j'));
  if (wanted === undefined) return tooMany;
  const { parameters } = stage;
  if (wanted.name !== undefined && parameters.find(wanted.name) === undefined) return unknown(wanted.name);
  const shown = shownOnes(parameters, wanted).map((one) => inJson(parameters, one));
  return jsonReply(2, words, secondsNow(stage), shown);
}

function shownOnes(parameters: ParameterSet, { changedOnly, name }: Wanted): readonly ParameterSpec[] {
  return parameters.specs.filter(
    (spec) =>
      (name === undefined || spec.name === name) &&
      (!changedOnly || (spec.kind !== 'absent' && parameters.shown(spec.name) !== spec.default)),
  );
}

/** Columns at which values begin, and texts. */
const VALUES_AT = 30;
const TEXT_AT = 8;
const LINE = 72;

function short(parameters: ParameterSet, spec: ParameterSpec): string {
  return `${spec.name.padEnd(VALUES_AT)}${spec.kind === 'absent' ? '-' : valueAndUnit(parameters, spec)}\n`;
}

function valueAndUnit(parameters: ParameterSet, spec: ParameterSpec): string {
  const shown = parameters.shown(spec.name);
  const unit = unitOf(spec);
  const isDefault = shown === spec.default ? ' (default)' : '';
  return `${shown}${unit === '' ? '' : ` [${unit}]`}${isDefault}`;
}

function unitOf({ kind, unit }: ParameterSpec): string {
  if (kind === 'boolean') return 'bool';
  return unit ?? (kind === 'seconds' || kind === 'bytes' ? kind : '');
}

function long(parameters: ParameterSet, spec: ParameterSpec): string {
  const indent = ' '.repeat(TEXT_AT);
  if (spec.kind === 'absent') return `${spec.name}\n${indent}Not available\n\n${wrapped(describe(spec))}\n\n`;
  const { least, most } = parameters.bounds(spec.name);
  const lines = [
    `Value is: ${valueAndUnit(parameters, spec)}`,
    ...(parameters.shown(spec.name) === spec.default ? [] : [`Default is: ${spec.default}`]),
    ...(least === undefined ? [] : [`Minimum is: ${least}`]),
    ...(most === undefined ? [] : [`Maximum is: ${most}`]),
  ];
  const shown = lines.map((line) => `${indent}${line}\n`).join('');
  return `${spec.name}\n${shown}\n${wrapped(describe(spec))}\n\n`;
}

function describe({ takes, help, kind }: ParameterSpec): string {
  if (kind === 'absent') return 'It is not available on this system.';
  if (takes === undefined || help === undefined) return 'It can be set, and has no effect in Troupe.';
  if (takes === 'load') return `${help} A change holds for configs that are loaded from then on.`;
  return takes === 'restart' ? `${help} It is set with -p when Troupe is started.` : help;
}

function wrapped(text: string): string {
  const lines: string[] = [];
  let line = ' '.repeat(TEXT_AT - 1);
  for (const word of text.split(' ')) {
    if (line.length + 1 + word.length > LINE) {
      lines.push(line);
      line = ' '.repeat(TEXT_AT - 1);
    }
    line += ` ${word}`;
  }
  return [...lines, line].map((one) => `${one}\n`).join('');
}

function inJson(parameters: ParameterSet, spec: ParameterSpec): string {
  const name: [string, string] = ['name', JSON.stringify(spec.name)];
  if (spec.kind === 'absent') return jsonObject([name, ['implemented', 'false']]);
  const { least, most } = parameters.bounds(spec.name);
  const unit = unitOf(spec);
  const text = (key: string, value: string | undefined): [string, string][] =>
    value === undefined ? [] : [[key, JSON.stringify(value)]];
  return jsonObject([
    name,
    ['implemented', 'true'],
    ['value', parameters.inJson(spec.name)],
    ...text('units', unit === '' ? undefined : unit),
    ...text('default', spec.default),
    ...text('minimum', least),
    ...text('maximum', most),
    ...text('description', describe(spec)),
    ['flags', spec.takes === undefined ? '[\n  "no_effect"\n]' : '[]'],
  ]);
}
