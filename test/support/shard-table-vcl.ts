/** Shard tables as varnishd plays them. Nothing is fetched: vcl_synth tells what the director picks. */
import { Buffer } from 'node:buffer';
import type { ShardMemberChange } from '../../src/config/shard-scope.ts';
import { keyPrefixes, keySuffixes } from './hash-table.ts';
import type { ShardTable } from './shard-table.ts';
import { startVarnishd, type Varnishd } from './varnishd.ts';

/** A varnishd that can play these. */
export function startShardVarnishd(tables: readonly ShardTable[]): Promise<Varnishd> {
  return startVarnishd({
    vcl: toVcl(tables),
    params: { vcc_err_unref: 'off', workspace_client: '2M', thread_pool_stack: '1M' },
  });
}

/** How VCL spells that there is no backend. */
const NONE = '(null)';

const healths = ['chosen', 'all', 'ignore'] as const;

function toVcl(tables: readonly ShardTable[]): string {
  const backends = tables.flatMap((table) => table.backends.map(({ name }) => name));
  const picks = tables.flatMap(({ name }) =>
    healths.map((healthy) => {
      const lookups = keySuffixes.map(
        (suffix) =>
          `${name}.backend(by=KEY, key=${name}.key(req.http.prefix + "${suffix}"), alt=std.integer(req.http.alt, 0), healthy=${healthy.toUpperCase()})`,
      );
      return `if (req.url == "/${name}/${healthy}") { synthetic("" + ${lookups.join(' + "," + ')}); }`;
    }),
  );
  const changes = tables.flatMap(({ name, replicas, changes: all }) =>
    all.map(
      ({ row, batch }) =>
        `if (req.url == "/${name}/change/${row}") { ${batch.map((change) => toCall(name, change)).join(' ')} if (${name}.reconfigure(${replicas})) { } return (synth(200)); }`,
    ),
  );
  return `vcl 4.1;
import directors;
import std;
${backends.map((name) => `backend ${name} { .host = "127.0.0.1"; .port = "1"; }`).join('\n')}
sub vcl_init {
${tables.map(declare).join('\n')}
}
sub vcl_recv {
${changes.join('\n')}
return (synth(200));
}
sub vcl_synth {
${picks.join('\n')}
return (deliver);
}
`;
}

function declare({ name, members, replicas, warmup }: ShardTable): string {
  const adds = members.map((member) => toCall(name, { type: 'add', ...member }));
  const lines = [`new ${name} = directors.shard();`, `${name}.set_warmup(${warmup.toFixed(3)});`, ...adds];
  return `${lines.join('\n')}\nif (${name}.reconfigure(${replicas})) { }`;
}

function toCall(name: string, change: ShardMemberChange): string {
  if (change.type === 'clear') return `if (${name}.clear()) { }`;
  const { target, ident } = change;
  const named = [
    target === undefined ? '' : `backend=${target}`,
    ident === undefined ? '' : `ident="${ident}"`,
    change.type === 'add' && change.weight !== undefined ? `weight=${change.weight.toFixed(3)}` : '',
  ].filter((argument) => argument !== '');
  return `if (${name}.${change.type}_backend(${named.join(', ')})) { }`;
}

/** What varnishd picks, key by key: positions in the table's backends, 255 for none. */
export async function shardOnVarnishd(varnishd: Varnishd, table: ShardTable): Promise<Buffer> {
  for (const { name, healthy } of table.backends) {
    await varnishd.adm('backend.set_health', `boot.${name}`, healthy ? 'healthy' : 'sick');
  }
  const positions = new Map(table.backends.map(({ name }, position) => [name, position]));
  await varnishd.adm('debug.srandom', String(table.seed));
  const picks: number[] = [];
  for (const [row, { alt, healthy }] of table.rows.entries()) {
    for (const change of table.changes.filter((one) => one.row === row)) {
      await varnishd.get(`/${table.name}/change/${change.row}`);
    }
    const prefix = keyPrefixes[row] ?? '';
    const headers = { alt: String(alt), ...(prefix === '' ? {} : { prefix }) };
    const { body } = await varnishd.get(`/${table.name}/${healthy}`, headers);
    for (const name of body.split(',')) picks.push(positions.get(name) ?? (name === NONE ? 255 : 254));
  }
  return Buffer.from(picks);
}
