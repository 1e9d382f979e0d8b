/** `backend.list` and `backend.set_health`, as varnish-cli(7) has them. */
import type { Override } from '../../../snapshot.ts';
import { wallTimeOf } from '../../http/wall-time.ts';
import type { CliCall, CliCommand } from '../cli-command.ts';
import { type CliReply, reply, wrong } from '../cli-reply.ts';
import type { CliStage } from '../cli-stage.ts';
import { columns } from '../columns.ts';
import { jsonObject, jsonReply } from '../json-reply.ts';
import { type ListedTarget, listedTargets } from '../listed-targets.ts';
import { probeDetails, probeDetailsInJson } from '../probe-details.ts';
import { shardDetails, shardDetailsInJson } from '../shard-details.ts';
import { secondsNow } from './serving.ts';

const overrides: readonly Override[] = ['auto', 'healthy', 'sick', 'drain'];

export const backendCommands: readonly CliCommand[] = [
  {
    name: 'backend.list',
    syntax: 'backend.list [-j] [-p] [<backend_pattern>]',
    help: 'List backends.\n',
    least: 0,
    most: 2,
    needsWorker: true,
    run: list,
    json: list,
  },
  {
    name: 'backend.set_health',
    syntax: 'backend.set_health <backend_pattern> [auto|healthy|sick|drain]',
    help: 'Set health status of backend(s) matching <backend_pattern>.',
    least: 2,
    most: 2,
    needsWorker: true,
    run: setHealth,
  },
];

function list({ stage, args, words }: CliCall): CliReply {
  let isJson = false;
  let withProbes = false;
  let at = 0;
  for (; args[at]?.startsWith('-') === true; at++) {
    for (const flag of (args[at] ?? '').slice(1)) {
      if (flag === 'j') isJson = true;
      else if (flag === 'p') withProbes = !withProbes;
      else return wrong(`Invalid flag ${flag}`);
    }
  }
  if (args.length > at + 1) return wrong('Too many arguments');
  const targets = targetsOf(stage, args[at]);
  const now = secondsNow(stage);
  if (isJson)
    return jsonReply(3, words, now, [jsonObject(targets.map((one) => inJson(one, withProbes, now)))]);
  return reply(columns([HEAD, ...targets.flatMap((one) => rowsOf(one, withProbes, now))]));
}

const HEAD = ['Backend name', 'Admin', 'Probe', 'Health', 'Last change'];

function targetsOf(
  { operated: { control, clock } }: CliStage,
  pattern: string | undefined,
): readonly ListedTarget[] {
  return listedTargets(control, (at) => wallTimeOf(clock, at), pattern);
}

function healthWord(isHealthy: boolean): string {
  return isHealthy ? 'healthy' : 'sick';
}

/** @param now seconds since 1970 */
function rowsOf(target: ListedTarget, withProbes: boolean, now: number): (readonly string[] | string)[] {
  const { name, admin, good, total, isHealthy, changedAt } = target;
  const row = [name, admin, `${good}/${total}`, healthWord(isHealthy), timeOf(changedAt)];
  if (!withProbes) return [row];
  if (target.kind === 'backend') {
    return target.poller === undefined ? [row] : [row, ...probeDetails(target.poller), ''];
  }
  if (target.shard !== undefined) return [row, '', ...shardDetails(target.shard, target.members, now), ''];
  const sum = target.members.reduce((all, { weight }) => all + weight, 0);
  const members = target.members.map(({ name: member, weight, isHealthy: isUp }) => {
    const share = target.isWeighted ? `${((100 * (isUp ? weight : 0)) / sum).toFixed(2).padStart(6)}%` : '-';
    return ['', member, share, healthWord(isUp)];
  });
  return [row, '', ['', 'Backend', 'Weight', 'Health'], ...members, ''];
}

function timeOf(seconds: number | undefined): string {
  return seconds === undefined ? '-' : new Date(seconds * 1_000).toUTCString();
}

function inJson(target: ListedTarget, withProbes: boolean, now: number): readonly [string, string] {
  const { name, admin, good, total, isHealthy, changedAt = 0 } = target;
  const members: [string, string][] = [
    ['type', JSON.stringify(target.kind === 'backend' ? 'backend' : target.type)],
    ['admin_health', JSON.stringify(admin)],
    ['probe_message', `[${good}, ${total}, "${healthWord(isHealthy)}"]`],
  ];
  if (withProbes) members.push(['probe_details', detailsInJson(target, now)]);
  members.push(['last_change', changedAt.toFixed(3)]);
  if (target.kind === 'backend') members.push(['identity', JSON.stringify(target.backend.identity)]);
  return [name, jsonObject(members)];
}

function detailsInJson(target: ListedTarget, now: number): string {
  if (target.kind === 'backend') {
    return target.poller === undefined ? '{}' : jsonObject(probeDetailsInJson(target.poller));
  }
  if (target.shard !== undefined) return shardDetailsInJson(target.shard, target.members, now);
  const sum = target.members.reduce((all, { weight }) => all + weight, 0);
  const members = target.members.map(({ name, weight, isHealthy }): [string, string] => {
    const health: [string, string] = ['health', `"${healthWord(isHealthy)}"`];
    const share: [string, string] = ['weight', (isHealthy ? weight : 0).toFixed(6)];
    return [name, jsonObject(target.isWeighted ? [share, health] : [health])];
  });
  return jsonObject([
    ...(target.isWeighted ? ([['total_weight', sum.toFixed(6)]] as const) : []),
    ['backends', jsonObject(members)],
  ]);
}

function setHealth({ stage, args: [pattern = '', wanted = ''] }: CliCall): CliReply {
  const override = overrides.find((one) => one === wanted.toLowerCase());
  if (override === undefined) return wrong(`Invalid state ${wanted}`);
  const targets = targetsOf(stage, pattern);
  const identities = new Set(
    targets.flatMap((one) => (one.kind === 'backend' ? [one.backend.identity] : [])),
  );
  if (targets.length === 0) return wrong('No Backends matches');
  if (identities.size === 0) return wrong('Only directors match; set the health of their backends.');
  for (const identity of identities) stage.operated.control.setHealth(identity, override);
  return reply('');
}
