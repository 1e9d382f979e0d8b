/** `vcl.list`, `vcl.deps`, `vcl.show`: what is loaded, and of what it was made. */
import type { Shelved } from '../../config-shelf.ts';
import type { CliCall, CliCommand } from '../cli-command.ts';
import { type CliReply, reply, wrong } from '../cli-reply.ts';
import type { CliStage } from '../cli-stage.ts';
import { columns } from '../columns.ts';
import { jsonObject, jsonReply } from '../json-reply.ts';
import { secondsNow } from './serving.ts';

export const vclListCommands: readonly CliCommand[] = [
  {
    name: 'vcl.list',
    syntax: 'vcl.list [-j]',
    help: 'List all loaded configuration.',
    least: 0,
    most: 0,
    run: ({ stage }) => reply(columns(listed(stage).map(rowOf))),
    json: ({ stage, words }) => jsonReply(2, words, secondsNow(stage), listed(stage).map(inJson)),
  },
  {
    name: 'vcl.deps',
    syntax: 'vcl.deps [-j]',
    help: 'List all loaded configuration and their dependencies.',
    least: 0,
    most: 0,
    run: ({ stage: { shelf } }) =>
      reply(
        columns(
          shelf.entries().flatMap((entry) => {
            const needed = shelf.dependencies(entry);
            return needed.length === 0 ? [[entry.name]] : needed.map(({ name }) => [entry.name, name]);
          }),
        ),
      ),
    json: ({ stage, words }) =>
      jsonReply(
        1,
        words,
        secondsNow(stage),
        stage.shelf.entries().map((entry) => {
          const deps = stage.shelf.dependencies(entry).map(({ name }) => JSON.stringify(name));
          return jsonObject([
            ['name', JSON.stringify(entry.name)],
            ['deps', deps.length === 0 ? '[]' : `[\n  ${deps.join(',\n  ')}\n]`],
          ]);
        }),
      ),
  },
  {
    name: 'vcl.show',
    syntax: 'vcl.show [-v] [<configname>]',
    help: 'Display the source code for the specified configuration.',
    least: 0,
    most: 2,
    needsWorker: true,
    run: show,
  },
];

interface Listed {
  readonly name: string;
  readonly status: 'active' | 'available' | 'discarded';
  readonly state: string;
  readonly temperature: string;
  /** Requests on it; undefined: nothing is served. */
  readonly busy: number | undefined;
  readonly target: string | undefined;
  /** Labels that point to it; or configs that hand requests over to it. */
  readonly dependents: number;
}

function listed(stage: CliStage): readonly Listed[] {
  const { shelf, operated } = stage;
  const active = shelf.activeName();
  const list = shelf.entries().map((entry): Listed => {
    const { name } = entry;
    const key = entry.kind === 'config' ? shelf.keyOf(name) : undefined;
    const busy = key === undefined ? 0 : operated.busy(key);
    return {
      name,
      status: name === active ? 'active' : 'available',
      state: entry.kind === 'label' ? 'label' : entry.wanted,
      temperature: temperatureOf(stage, entry, busy),
      busy: operated.isServing ? busy : undefined,
      target: entry.kind === 'label' ? entry.target : undefined,
      dependents: shelf.dependents(entry).length,
    };
  });
  const leaving = shelf.leaving().map((key): Listed => {
    const name = key.slice(0, key.lastIndexOf('@'));
    const busy = operated.busy(key);
    return {
      name,
      status: 'discarded',
      state: 'cold',
      temperature: 'cooling',
      busy,
      target: undefined,
      dependents: 0,
    };
  });
  return [...list, ...leaving.filter(({ busy }) => busy !== 0)];
}

function temperatureOf({ shelf }: CliStage, entry: Shelved, busy: number): string {
  const state = shelf.stateOf(shelf.configOf(entry));
  if (state === 'cold') return busy > 0 ? 'cooling' : 'cold';
  return state === 'loading' ? 'init' : 'warm';
}

/** varnishd's counts stand to the right of a column. */
const COUNT_WIDTH = 6;

function rowOf({ name, status, state, temperature, busy, target, dependents }: Listed): readonly string[] {
  const row = [status, state, temperature, String(busy ?? '-').padStart(COUNT_WIDTH), name];
  if (target !== undefined) {
    const uses = dependents === 0 ? '' : ` (${dependents} return(vcl)${dependents > 1 ? "'s" : ''})`;
    return [...row, '->', `${target}${uses}`];
  }
  return dependents === 0 ? row : [...row, '<-', `(${dependents} label${dependents > 1 ? 's' : ''})`];
}

function inJson({ name, status, state, temperature, busy, target, dependents }: Listed): string {
  const members: [string, string][] = [
    ['status', JSON.stringify(status)],
    ['state', JSON.stringify(state)],
    ['temperature', JSON.stringify(temperature)],
    ...(busy === undefined ? [] : ([['busy', String(busy)]] as [string, string][])),
    ['name', JSON.stringify(name)],
  ];
  if (target !== undefined) {
    const refs: [string, string][] = dependents === 0 ? [] : [['refs', String(dependents)]];
    members.push(['label', jsonObject([['name', JSON.stringify(target)], ...refs])]);
  } else if (dependents > 0) {
    members.push(['labels', String(dependents)]);
  }
  return jsonObject(members);
}

function show({ stage: { shelf, operated }, args }: CliCall): CliReply {
  const isVerbose = args[0] === '-v';
  const [name = shelf.activeName(), extra] = isVerbose ? args.slice(1) : args;
  if (extra !== undefined) return wrong(`Too many parameters: '${extra}'`);
  const entry = name === undefined ? undefined : shelf.find(name);
  const key = entry === undefined ? undefined : shelf.keyOf(shelf.configOf(entry));
  if (key === undefined) return wrong(`No VCL named '${name ?? ''}'`);
  const sources = operated.sources(key);
  if (!isVerbose) return reply(sources[0]?.text ?? '');
  const shown = sources.map(({ name: file, text }, at) => {
    return `// VCL.SHOW ${at} ${Buffer.byteLength(text)} ${file}\n${text}\n`;
  });
  return reply(shown.join(''));
}
