/** Commands that varnishd does not have: what Troupe is made of, and what is denied to whom. All name whole identities. */

import { actorKinds } from '../../http/schema/actor-schema.ts';
import { backendNamed, backendsNamed, knownBackends } from '../../http/show/known-backends.ts';
import { actorAddresses } from '../../http/show/show-actors.ts';
import { backendView, showBackend } from '../../http/show/show-backends.ts';
import { showPeers } from '../../http/show/show-peers.ts';
import { showPoller } from '../../http/show/show-pollers.ts';
import { showSaintEntries } from '../../http/show/show-saint-entries.ts';
import type { CliCall, CliCommand } from '../cli-command.ts';
import { type CliReply, reply, wrong } from '../cli-reply.ts';
import { columns } from '../columns.ts';
import { jsonReply } from '../json-reply.ts';
import { secondsNow } from './serving.ts';

/** A table, or the same things in JSON. */
function listing(
  name: string,
  argument: string,
  help: string,
  most: number,
  gather: (call: CliCall, args: readonly string[]) => Table | CliReply,
): CliCommand {
  return {
    name,
    syntax: `${name} [-j]${argument}`,
    help,
    least: 0,
    most,
    run(call) {
      const table = gather(call, call.args);
      return 'status' in table ? table : reply(columns([table.head, ...table.rows]));
    },
    json(call) {
      const table = gather(call, call.args.slice(1));
      if ('status' in table) return table;
      return jsonReply(1, call.words, secondsNow(call.stage), table.items.map(inJson));
    },
  };
}

interface Table {
  readonly head: readonly string[];
  readonly rows: readonly (readonly string[])[];
  readonly items: readonly unknown[];
}

function inJson(item: unknown): string {
  return JSON.stringify(item, undefined, 2);
}

function table<Item>(
  items: readonly Item[],
  shown: readonly (readonly [title: string, cell: (item: Item) => string | number | undefined])[],
): Table {
  return {
    head: shown.map(([title]) => title),
    rows: items.map((item) => shown.map(([, cell]) => String(cell(item) ?? '-'))),
    items,
  };
}

function time(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toUTCString();
}

const PATTERN = ' [<identity_pattern>]';

export const troupeCommands: readonly CliCommand[] = [
  listing(
    'backend.health',
    PATTERN,
    'Health of backends by identity. Patterns: b1, b1(), b1(127.0.0.1), b1(:8080), *(:8080), boot.b*, the whole identity.',
    1,
    ({ stage: { operated } }, [pattern]) => {
      const { control } = operated;
      const known = pattern === undefined ? knownBackends(control) : backendsNamed(control, pattern);
      const view = backendView(operated);
      return table(
        known.map((one) => showBackend(view, one, false)),
        [
          ['Backend', ({ identity }) => identity],
          ['Admin', ({ override }) => override],
          ['Health', ({ health }) => health],
          [
            'Probe',
            ({ probing }) => (probing === undefined ? undefined : `${probing.good}/${probing.window}`),
          ],
          ['Usable', ({ isUsable }) => (isUsable ? 'yes' : 'no')],
          ['Saints', ({ saintEntries }) => saintEntries],
          ['Configs', ({ configs }) => configs.join(',')],
          ['Last change', ({ changedAt }) => time(changedAt)],
        ],
      );
    },
  ),
  listing(
    'poller.list',
    PATTERN,
    'Pollers: by whose probe each backend is polled, and when next.',
    1,
    ({ stage: { operated } }, [pattern]) => {
      const { control } = operated;
      const known = pattern === undefined ? knownBackends(control) : backendsNamed(control, pattern);
      return table(
        known.flatMap(({ identity }) => showPoller(operated, identity) ?? []),
        [
          ['Backend', ({ identity }) => identity],
          ['State', ({ state }) => state],
          ['Config', ({ config }) => config],
          ['Interval', ({ probe }) => (probe === undefined ? undefined : `${probe.intervalMs / 1_000}s`)],
          ['Probes', ({ probes }) => probes],
          ['Last probe', ({ lastProbeAt }) => time(lastProbeAt)],
        ],
      );
    },
  ),
  listing(
    'saint.list',
    ' [<identity>]',
    'Objects that are denied to backends, those that end soonest first; 1,000 at most.',
    1,
    ({ stage: { operated } }, [backend]) =>
      table(showSaintEntries(operated, { backend }).entries, [
        ['Backend', (entry) => entry.backend],
        ['Object', ({ object }) => object],
        ['Left', ({ leftMs }) => `${(leftMs / 1_000).toFixed(3)}s`],
        ['Ends', ({ endsAt }) => time(endsAt)],
      ]),
  ),
  {
    name: 'saint.lift',
    syntax: 'saint.lift [<identity> [<object>]]',
    help: 'Lift saint entries before their time: all, those of a backend, or one object of it.',
    least: 0,
    most: 2,
    run({ stage: { operated }, args: [pattern, object] }) {
      const { control } = operated;
      const identity = pattern === undefined ? undefined : backendNamed(control, pattern).identity;
      const lifted = control.lift(identity, object);
      return reply(`${lifted} ${lifted === 1 ? 'entry' : 'entries'} lifted`);
    },
  },
  listing('peer.list', '', 'Peers: queues, threads and what has become of operations.', 0, ({ stage }) =>
    table(showPeers(stage.operated).peers, [
      ['Peer', ({ name }) => name],
      ['Config', ({ config }) => config],
      ['Pending', ({ pending }) => pending],
      ['Threads', ({ threads, minThreads, maxThreads }) => `${threads} (${minThreads}-${maxThreads})`],
      ['Done', ({ done }) => done],
      ['Failed', ({ failed }) => failed],
    ]),
  ),
  listing(
    'actor.list',
    ' [<kind>]',
    `Actors and their states. Kinds: ${actorKinds.join(', ')}.`,
    1,
    ({ stage: { operated } }, [kind]) => {
      const wanted = actorKinds.find((one) => one === kind);
      if (kind !== undefined && wanted === undefined) {
        return wrong(`There are no actors of kind "${kind}"; kinds are ${actorKinds.join(', ')}.`);
      }
      const { control } = operated;
      const actors = actorAddresses(control, wanted, undefined).map((address) => {
        const value: unknown = control.registry.snapshot(address.kind, address.id)?.value;
        return { ...address, state: value };
      });
      return table(actors, [
        ['Kind', (actor) => actor.kind],
        ['Actor', ({ id }) => id],
        ['State', ({ state }) => (typeof state === 'string' ? state : JSON.stringify(state))],
      ]);
    },
  ),
];
