/**
 * varnishd in pass mode: varnishd.vcl, one pool of threads. Twice, because it writes a log of each field of each
 * request to shared memory, whether or not anybody reads it: as installed, and with that log masked.
 */
import { join } from 'node:path';
import { outputOf, versionOf } from '../support/machine.mjs';
import { fillTemplate } from '../support/template.mjs';

export const varnishd = {
  name: 'varnishd',
  version,
  command: (place) => command(place),
};

export const varnishdWithoutLog = {
  name: 'varnishd, log masked',
  version,
  command: (place) => [...command(place), '-p', `vsl_mask=${maskOfAll()}`],
};

function version() {
  return versionOf('varnishd', '-V', /(?<=varnish-)\d+(\.\d+)+/);
}

function command({ port, origin, dir, file: given }) {
  const file = given ?? fillTemplate(new URL('./varnishd.vcl', import.meta.url), dir, { origin });
  return [
    'varnishd',
    '-F',
    ...['-n', join(dir, 'varnishd')],
    ...['-j', 'none'],
    ...['-a', `127.0.0.1:${port}`],
    ...['-f', file],
    ...['-s', 'malloc,64m'],
    ...['-p', 'thread_pools=1'],
    ...['-p', 'thread_pool_min=100'],
    ...['-p', 'timeout_idle=60'],
  ];
}

/** Every tag of its log, as vsl_mask wants them. */
function maskOfAll() {
  const text = outputOf('varnishd', '-x vsl') ?? '';
  return [...text.matchAll(/^(\w+)\n-+$/gm)].map(([, tag]) => `-${tag}`).join(',');
}
