/**
 * The variables of VCL: vcl-var(7) of Varnish 7.1 as a table, and what each is in JavaScript, where `c` is what a
 * hook gets. In VCL durations and times are seconds; in hooks they are milliseconds.
 */
import { methodBits } from './methods.ts';
import type { ValueType } from './value-type.ts';

export interface Variable {
  readonly name: string;
  readonly type: ValueType;
  /** Bits of methods.ts. */
  readonly readable: number;
  readonly writable: number;
  readonly unsettable: number;
  /** Versions of VCL that have it, times ten. */
  readonly since: number;
  readonly until: number;
  /** JavaScript that reads it; undefined: Troupe has it not. */
  readonly get: string | undefined;
  /** JavaScript that writes it, with `$` for the value. */
  readonly set: string | undefined;
  readonly unset: string | undefined;
  /** Whether reading may give undefined, which is no text at all. */
  readonly isOptional: boolean;
  /** Of `req.http.*`: whose fields they are. */
  readonly message: string | undefined;
}

interface Options {
  readonly write?: string;
  readonly get?: string;
  readonly set?: string;
  readonly unset?: readonly [methods: string, js: string];
  readonly since?: number;
  readonly until?: number;
  readonly isOptional?: boolean;
}

function variable(name: string, type: ValueType, read: string, options: Options = {}): Variable {
  const { write = '', get, set, unset, since = 40, until = 41, isOptional = false } = options;
  return {
    name,
    type,
    readable: methodBits(read),
    writable: methodBits(write),
    unsettable: unset === undefined ? 0 : methodBits(unset[0]),
    since,
    until,
    get,
    set,
    unset: unset?.[1],
    isOptional,
    message: undefined,
  };
}

function headers(name: string, read: string, isWritable: boolean, message: string): Variable {
  const bits = methodBits(read);
  const changed = isWritable ? bits : 0;
  return {
    ...variable(name, 'HEADER', read),
    writable: changed,
    unsettable: changed,
    isOptional: true,
    message,
  };
}

const response = 'vcl_backend_response, vcl_backend_error';
const delivery = 'vcl_deliver, vcl_synth';
const found = 'vcl_hit, vcl_deliver';
const fetch = 'vcl_pipe, backend';

/** Seconds in VCL, milliseconds behind `js`; never negative. */
function seconds(js: string): { readonly get: string; readonly set: string } {
  return { get: `${js} / 1000`, set: `${js} = Math.max(0, ($) * 1000)` };
}

function flag(message: string, name: string): { readonly get: string; readonly set: string } {
  return { get: `(c.${message}.${name} === true)`, set: `c.${message}.${name} = $` };
}

/** Timeouts of a fetch; 0 where a backend's own hold. */
function timeout(name: string): { readonly get: string; readonly set: string } {
  return { get: `(c.bereq.${name} ?? 0) / 1000`, set: `c.bereq.${name} = ($) * 1000` };
}

/** Timeouts of the client's connection. */
function sessionTimeout(name: string): Options {
  return {
    write: 'client',
    get: `sessionTimeout(c, "${name}")`,
    set: `setSessionTimeout(c, "${name}", $)`,
  };
}

const requestLine = (message: string, field: string) => ({
  get: `c.${message}.${field}`,
  set: `c.${message}.${field} = filled($, '${message}.${field}')`,
});

export const variables: readonly Variable[] = [
  variable('client.identity', 'STRING', 'client, backend', {
    write: 'client',
    get: 'identity(c)',
    set: 'kept(c.req).identity = $',
  }),
  variable('client.ip', 'IP', 'client, backend', { get: 'c.client' }),
  variable('server.hostname', 'STRING', 'all', { get: 'hostname' }),
  variable('server.identity', 'STRING', 'all', { get: 'hostname' }),
  variable('server.ip', 'IP', 'client, backend', { get: 'c.server' }),
  variable('remote.ip', 'IP', 'client, backend', { get: 'c.remote' }),
  variable('local.endpoint', 'STRING', 'client, backend', { since: 41, get: 'endpoint(c)' }),
  variable('local.ip', 'IP', 'client, backend', { get: 'c.local' }),
  variable('local.socket', 'STRING', 'client, backend', { since: 41, get: 'c.server.listener' }),
  variable('now', 'TIME', 'all', { get: 'now(c)' }),

  variable('req', 'HTTP', 'client', { get: 'c.req' }),
  variable('req.backend_hint', 'BACKEND', 'client', {
    write: 'client',
    get: 'c.req.backend',
    set: 'c.req.backend = $',
  }),
  variable('req.can_gzip', 'BOOL', 'client', { get: 'canGzip(c.req)' }),
  // There is no ESI to switch off; whoever does is right.
  variable('req.esi', 'BOOL', 'client', {
    write: 'client',
    until: 40,
    get: '(kept(c.req).esi ?? true)',
    set: 'kept(c.req).esi = $',
  }),
  variable('req.esi_level', 'INT', 'client', { get: '0' }),
  variable('req.grace', 'DURATION', 'client', {
    write: 'client',
    get: '(c.req.mostGrace ?? -1000) / 1000',
    set: 'c.req.mostGrace = milliseconds($)',
  }),
  variable('req.hash', 'BLOB', 'vcl_hit, vcl_miss, vcl_pass, vcl_purge, vcl_deliver', {
    get: 'c.requestHash',
  }),
  variable('req.hash_always_miss', 'BOOL', 'client', { write: 'client', ...flag('req', 'missesAlways') }),
  variable('req.hash_ignore_busy', 'BOOL', 'client', { write: 'client', ...flag('req', 'ignoresBusy') }),
  variable('req.hash_ignore_vary', 'BOOL', 'client', { write: 'client', ...flag('req', 'ignoresVary') }),
  headers('req.http', 'client', true, 'req'),
  variable('req.is_hitmiss', 'BOOL', 'client', { get: 'c.req.isHitMiss' }),
  variable('req.is_hitpass', 'BOOL', 'client', { get: 'c.req.isHitPass' }),
  variable('req.method', 'STRING', 'client', { write: 'client', ...requestLine('req', 'method') }),
  variable('req.proto', 'STRING', 'client', { write: 'client', until: 40, ...requestLine('req', 'proto') }),
  variable('req.proto', 'STRING', 'client', { since: 41, get: 'c.req.proto' }),
  variable('req.restarts', 'INT', 'client', { get: 'c.req.restarts' }),
  // Bodies of requests are kept apart from the cache: what it says is remembered, and has no effect.
  variable('req.storage', 'STEVEDORE', 'client', {
    write: 'client',
    get: 'kept(c.req).storage',
    set: 'kept(c.req).storage = $',
    isOptional: true,
  }),
  variable('req.time', 'TIME', 'client', { get: 'begun(c, c.req)' }),
  variable('req.transport', 'STRING', 'client', { get: '"HTTP/1"' }),
  variable('req.ttl', 'DURATION', 'client', {
    write: 'client',
    get: '(c.req.mostTtl ?? -1000) / 1000',
    set: 'c.req.mostTtl = milliseconds($)',
  }),
  variable('req.url', 'STRING', 'client', { write: 'client', ...requestLine('req', 'url') }),
  variable('req.xid', 'STRING', 'client', { get: 'c.req.xid' }),
  headers('req_top.http', 'client', false, 'req'),
  variable('req_top.method', 'STRING', 'client', { get: 'c.req.method' }),
  variable('req_top.proto', 'STRING', 'client', { get: 'c.req.proto' }),
  variable('req_top.time', 'TIME', 'client', { get: 'begun(c, c.req)' }),
  variable('req_top.url', 'STRING', 'client', { get: 'c.req.url' }),

  variable('bereq', 'HTTP', 'backend', { get: 'c.bereq' }),
  variable('bereq.backend', 'BACKEND', fetch, {
    write: fetch,
    get: 'c.bereq.wanted',
    set: 'c.bereq.backend = $',
  }),
  variable('bereq.between_bytes_timeout', 'DURATION', 'backend', {
    write: 'backend',
    ...timeout('betweenBytesTimeoutMs'),
  }),
  variable('bereq.body', 'BODY', '', { unset: ['vcl_backend_fetch', 'unsetBody(c.bereq)'] }),
  variable('bereq.connect_timeout', 'DURATION', fetch, { write: fetch, ...timeout('connectTimeoutMs') }),
  variable('bereq.first_byte_timeout', 'DURATION', 'backend', {
    write: 'backend',
    ...timeout('firstByteTimeoutMs'),
  }),
  variable('bereq.hash', 'BLOB', fetch, { get: 'c.requestHash' }),
  headers('bereq.http', fetch, true, 'bereq'),
  variable('bereq.is_bgfetch', 'BOOL', 'backend', { get: 'c.bereq.isBackground' }),
  variable('bereq.is_hitmiss', 'BOOL', 'backend', { get: 'c.bereq.isHitMiss' }),
  variable('bereq.is_hitpass', 'BOOL', 'backend', { get: 'c.bereq.isHitPass' }),
  variable('bereq.method', 'STRING', fetch, { write: fetch, ...requestLine('bereq', 'method') }),
  variable('bereq.proto', 'STRING', fetch, { write: fetch, until: 40, ...requestLine('bereq', 'proto') }),
  variable('bereq.proto', 'STRING', fetch, { since: 41, get: 'c.bereq.proto' }),
  variable('bereq.retries', 'INT', 'backend', { get: 'c.bereq.retries' }),
  variable('bereq.time', 'TIME', fetch, { get: 'begun(c, c.bereq)' }),
  variable('bereq.uncacheable', 'BOOL', 'backend', { get: 'isUncacheable(c)' }),
  variable('bereq.url', 'STRING', fetch, { write: fetch, ...requestLine('bereq', 'url') }),
  variable('bereq.xid', 'STRING', fetch, { get: 'c.bereq.xid' }),

  variable('beresp', 'HTTP', response, { get: 'c.beresp' }),
  variable('beresp.age', 'DURATION', response, { get: '(c.beresp.age ?? 0) / 1000' }),
  variable('beresp.backend', 'BACKEND', response, { get: 'c.bereq.backend' }),
  variable('beresp.backend.ip', 'IP', 'vcl_backend_response', {
    get: 'c.backendAddress',
    until: 40,
  }),
  variable('beresp.backend.name', 'STRING', response, {
    get: 'nameOf(c, c.bereq.backend)',
    isOptional: true,
  }),
  variable('beresp.body', 'BODY', '', { write: 'vcl_backend_error', set: 'c.beresp.body = $' }),
  variable('beresp.do_esi', 'BOOL', response, { write: response }),
  variable('beresp.do_gunzip', 'BOOL', response, { write: response, ...flag('beresp', 'doGunzip') }),
  variable('beresp.do_gzip', 'BOOL', response, { write: response, ...flag('beresp', 'doGzip') }),
  variable('beresp.do_stream', 'BOOL', response, {
    write: response,
    get: '(c.beresp.doStream !== false)',
    set: 'c.beresp.doStream = $',
  }),
  variable('beresp.filters', 'STRING', 'vcl_backend_response', { write: 'vcl_backend_response' }),
  variable('beresp.grace', 'DURATION', response, { write: response, ...seconds('c.beresp.grace') }),
  headers('beresp.http', response, true, 'beresp'),
  variable('beresp.keep', 'DURATION', response, { write: response, ...seconds('c.beresp.keep') }),
  variable('beresp.proto', 'STRING', response, {
    write: response,
    until: 40,
    ...requestLine('beresp', 'proto'),
  }),
  variable('beresp.proto', 'STRING', response, { since: 41, get: 'c.beresp.proto' }),
  variable('beresp.reason', 'STRING', response, { write: response, ...requestLine('beresp', 'reason') }),
  variable('beresp.status', 'INT', response, {
    write: response,
    get: 'c.beresp.status',
    set: 'setStatus(c.beresp, $)',
  }),
  variable('beresp.storage', 'STEVEDORE', response, {
    write: response,
    get: 'storageOf(c)',
    set: 'c.beresp.storage = $',
    isOptional: true,
  }),
  variable('beresp.storage_hint', 'STRING', response, {
    write: response,
    until: 40,
    get: 'storageText(storageOf(c))',
    set: 'hintStorage(c, $)',
    isOptional: true,
  }),
  variable('beresp.time', 'TIME', response, { get: 'now(c)' }),
  variable('beresp.ttl', 'DURATION', response, {
    write: response,
    get: 'ttl(c.beresp)',
    set: 'setTtl(c.beresp, $)',
  }),
  variable('beresp.uncacheable', 'BOOL', response, {
    write: response,
    get: 'c.beresp.uncacheable',
    set: 'if ($) c.beresp.uncacheable = true',
  }),
  variable('beresp.was_304', 'BOOL', response, { get: '(c.beresp.was304 === true)' }),

  variable('obj.age', 'DURATION', found, { get: '(c.obj.age ?? 0) / 1000' }),
  variable('obj.can_esi', 'BOOL', found, { get: 'false' }),
  variable('obj.grace', 'DURATION', found, { get: 'c.obj.grace / 1000' }),
  variable('obj.hits', 'INT', found, { get: 'c.obj.hits' }),
  headers('obj.http', 'vcl_hit', false, 'obj'),
  variable('obj.keep', 'DURATION', found, { get: 'c.obj.keep / 1000' }),
  variable('obj.proto', 'STRING', 'vcl_hit', { get: '"HTTP/1.1"' }),
  variable('obj.reason', 'STRING', 'vcl_hit', { get: 'c.obj.reason' }),
  variable('obj.status', 'INT', 'vcl_hit', { get: 'c.obj.status' }),
  variable('obj.storage', 'STEVEDORE', found, { get: 'c.obj.storage' }),
  variable('obj.time', 'TIME', found, { get: 'now(c) - (c.obj.age ?? 0) / 1000' }),
  variable('obj.ttl', 'DURATION', found, { get: 'ttl(c.obj)' }),
  variable('obj.uncacheable', 'BOOL', 'vcl_deliver', { get: 'c.obj.uncacheable' }),

  variable('resp', 'HTTP', delivery, { get: 'c.resp' }),
  variable('resp.body', 'BODY', '', { write: 'vcl_synth', set: 'c.resp.body = $' }),
  variable('resp.do_esi', 'BOOL', delivery, { write: delivery, since: 41 }),
  variable('resp.filters', 'STRING', delivery, { write: delivery }),
  headers('resp.http', delivery, true, 'resp'),
  variable('resp.is_streaming', 'BOOL', delivery),
  variable('resp.proto', 'STRING', delivery, { write: delivery, until: 40, ...requestLine('resp', 'proto') }),
  variable('resp.proto', 'STRING', delivery, { since: 41, get: 'c.resp.proto' }),
  variable('resp.reason', 'STRING', delivery, { write: delivery, ...requestLine('resp', 'reason') }),
  variable('resp.status', 'INT', delivery, {
    write: delivery,
    get: 'c.resp.status',
    set: 'setStatus(c.resp, $)',
  }),
  variable('resp.time', 'TIME', delivery, { get: 'now(c)' }),

  variable('sess.idle_send_timeout', 'DURATION', 'client', sessionTimeout('idleSendTimeoutMs')),
  variable('sess.send_timeout', 'DURATION', 'client', sessionTimeout('sendTimeoutMs')),
  variable('sess.timeout_idle', 'DURATION', 'client', sessionTimeout('idleTimeoutMs')),
  // There are no threads to linger; varnishd's timeout_linger is 50 ms.
  variable('sess.timeout_linger', 'DURATION', 'client', {
    write: 'client',
    get: '(kept(c.req).timeoutLinger ?? 0.05)',
    set: 'kept(c.req).timeoutLinger = $',
  }),
  variable('sess.xid', 'STRING', 'client, backend', { since: 41, get: 'c.sessionXid' }),
];

/** What there is to ask of a storage; those that there are, operators say. */
export function storageVariables(name: string): readonly Variable[] {
  const storage = JSON.stringify(name);
  return [
    variable(`storage.${name}`, 'STEVEDORE', 'all', { get: storage }),
    variable(`storage.${name}.free_space`, 'BYTES', 'client, backend', { get: `freeSpace(c, ${storage})` }),
    variable(`storage.${name}.used_space`, 'BYTES', 'client, backend', { get: `usedSpace(c, ${storage})` }),
    variable(`storage.${name}.happy`, 'BOOL', 'client, backend', { get: 'true' }),
  ];
}
