/**
 * The variables of Varnish 3.0 (its vcl(7), "Variables"; where each can be used, lib/libvcl/generate.py), and what is
 * written for them from Varnish 4 on. There a fetch is a request of its own: it knows `bereq`, a copy of `req`.
 */
import type { Name } from '../syntax.ts';
import { type Context, contextsOf } from './contexts.ts';

export interface OldVariable {
  readonly name: string;
  readonly readable: ReadonlySet<Context>;
  readonly writable: ReadonlySet<Context>;
  /** What it is on the client's side, as VCL; undefined: there is nothing like it. */
  readonly client: string | undefined;
  /** The same in a fetch. */
  readonly fetch: string | undefined;
  /** What to do instead, where there is nothing. */
  readonly advice: string | undefined;
}

type Row = readonly [
  name: string,
  readable: string,
  writable: string,
  client: string | undefined,
  fetch?: string | undefined,
  advice?: string,
];

const fetching = 'pipe pass miss fetch';
const esi = 'Troupe does no ESI.';
const gone = 'Nothing in later versions of Varnish is like it.';
const cachedErrors = 'Errors that vcl_error makes are not cached.';

const rows: readonly Row[] = [
  ['client.ip', 'proc', '', 'client.ip', 'client.ip'],
  ['client.identity', 'proc', 'proc', 'client.identity', 'client.identity'],
  ['server.ip', 'proc', '', 'server.ip', 'server.ip'],
  ['server.hostname', 'proc', '', 'server.hostname', 'server.hostname'],
  ['server.identity', 'proc', '', 'server.identity', 'server.identity'],
  ['server.port', 'proc', '', 'std.port(server.ip)', 'std.port(server.ip)'],
  ['req.request', 'proc', 'proc', 'req.method', 'bereq.method'],
  ['req.url', 'proc', 'proc', 'req.url', 'bereq.url'],
  ['req.proto', 'proc', 'proc', 'req.proto', 'bereq.proto'],
  ['req.http', 'proc', 'proc', 'req.http', 'bereq.http'],
  ['req.backend', 'proc', 'proc', 'req.backend_hint', 'bereq.backend'],
  ['req.backend.healthy', 'proc', '', 'std.healthy(req.backend_hint)', 'std.healthy(bereq.backend)'],
  ['req.restarts', 'proc', '', 'req.restarts', 'std.integer(bereq.http.X-Varnish3-Restarts, 0)'],
  ['req.esi_level', 'proc', '', 'req.esi_level', undefined, esi],
  ['req.ttl', 'proc', 'proc', 'req.ttl', undefined, 'Set beresp.ttl.'],
  ['req.grace', 'proc', 'proc', 'req.grace', undefined, 'Set beresp.grace.'],
  ['req.keep', 'proc', 'proc', undefined, undefined, 'Set beresp.keep in vcl_fetch.'],
  ['req.xid', 'proc', '', 'req.xid', 'bereq.xid'],
  ['req.esi', 'recv fetch deliver error', 'recv fetch deliver error', undefined, undefined, esi],
  ['req.can_gzip', 'proc', '', 'req.can_gzip', undefined, 'Ask for it in vcl_recv, and set a header.'],
  ['req.hash_ignore_busy', 'recv', 'recv', 'req.hash_ignore_busy'],
  ['req.hash_always_miss', 'recv', 'recv', 'req.hash_always_miss'],
  ['bereq.request', fetching, fetching, 'req.method', 'bereq.method'],
  ['bereq.url', fetching, fetching, 'req.url', 'bereq.url'],
  ['bereq.proto', fetching, fetching, 'req.proto', 'bereq.proto'],
  ['bereq.http', fetching, fetching, 'req.http', 'bereq.http'],
  ['bereq.connect_timeout', 'pipe pass miss', 'pipe pass miss', undefined],
  ['bereq.first_byte_timeout', 'pass miss', 'pass miss', undefined],
  ['bereq.between_bytes_timeout', 'pass miss', 'pass miss', undefined],
  ['beresp.proto', 'fetch', 'fetch', '', 'beresp.proto'],
  ['beresp.saintmode', '', 'fetch', '', 'beresp.saintmode'],
  ['beresp.status', 'fetch', 'fetch', '', 'beresp.status'],
  ['beresp.response', 'fetch', 'fetch', '', 'beresp.reason'],
  ['beresp.http', 'fetch', 'fetch', '', 'beresp.http'],
  ['beresp.do_esi', 'fetch', 'fetch', '', 'beresp.do_esi'],
  ['beresp.do_stream', 'fetch', 'fetch', '', 'beresp.do_stream'],
  ['beresp.do_gzip', 'fetch', 'fetch', '', 'beresp.do_gzip'],
  ['beresp.do_gunzip', 'fetch', 'fetch', '', 'beresp.do_gunzip'],
  ['beresp.ttl', 'fetch', 'fetch', '', 'beresp.ttl'],
  ['beresp.grace', 'fetch', 'fetch', '', 'beresp.grace'],
  ['beresp.keep', 'fetch', 'fetch', '', 'beresp.keep'],
  ['beresp.backend.name', 'fetch', '', '', 'beresp.backend.name'],
  ['beresp.backend.ip', 'fetch', '', '', undefined, gone],
  ['beresp.backend.port', 'fetch', '', '', undefined, gone],
  [
    'beresp.storage',
    'fetch',
    'fetch',
    '',
    undefined,
    'VCL 4.1 says it as set beresp.storage = storage.NAME;',
  ],
  ['obj.proto', 'hit error', 'hit error', 'obj.proto'],
  ['obj.status', 'error', 'error', 'obj.status'],
  ['obj.response', 'error', 'error', 'obj.reason'],
  ['obj.hits', 'hit deliver', '', 'obj.hits'],
  ['obj.http', 'hit error', 'error', 'obj.http'],
  ['obj.ttl', 'hit error', 'hit error', 'obj.ttl'],
  ['obj.grace', 'hit error', 'hit error', 'obj.grace'],
  ['obj.keep', 'hit error', 'hit error', 'obj.keep'],
  ['obj.lastuse', 'hit deliver error', '', undefined, undefined, gone],
  ['resp.proto', 'deliver', 'deliver', 'resp.proto'],
  ['resp.status', 'deliver', 'deliver', 'resp.status'],
  ['resp.response', 'deliver', 'deliver', 'resp.reason'],
  ['resp.http', 'deliver', 'deliver', 'resp.http'],
  ['now', 'all', '', 'now', 'now'],
];

const variables: ReadonlyMap<string, OldVariable> = new Map(
  rows.map(([name, readable, writable, client, fetch, advice]) => [
    name,
    { name, readable: contextsOf(readable), writable: contextsOf(writable), client, fetch, advice },
  ]),
);

/** The variable that a chain of words is; of a field, `req.http`. */
export function variableOf(name: Name): OldVariable | undefined {
  const [first, second] = name;
  if (second?.text === 'http' && name.length > 2) return variables.get(`${first.text}.http`);
  return variables.get(name.map(({ text }) => text).join('.'));
}

/** What is written for a variable in a context, without the name of a field; undefined: nothing is like it. */
export function spelledIn({ name, client, fetch }: OldVariable, context: Context): string | undefined {
  if (context === 'fetch') return fetch;
  if (context === 'pipe' && name.startsWith('bereq.'))
    return name === 'bereq.request' ? 'bereq.method' : name;
  if (context === 'error' && name.startsWith('obj.')) return errorNames.get(name);
  return client;
}

/** In vcl_error `obj` is what the client gets; it is nowhere kept. */
const errorNames: ReadonlyMap<string, string> = new Map([
  ['obj.proto', 'resp.proto'],
  ['obj.status', 'resp.status'],
  ['obj.response', 'resp.reason'],
  ['obj.http', 'resp.http'],
]);

/** What to do about a variable that nothing is like. */
export function adviceFor({ name, advice }: OldVariable, context: Context): string | undefined {
  return context === 'error' && name.startsWith('obj.') ? cachedErrors : advice;
}
