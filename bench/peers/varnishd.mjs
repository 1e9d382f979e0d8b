/** varnishd in pass mode: varnishd.vcl, one pool of threads, and its log in shared memory masked. */
import { join } from 'node:path';
import { outputOf, versionOf } from '../support/machine.mjs';
import { fillTemplate } from '../support/template.mjs';

export const varnishd = {
  name: 'varnishd',
  version: () => versionOf('varnishd', '-V', /(?<=varnish-)\d+(\.\d+)+/),
  command: ({ port, origin, dir }) => {
    const file = fillTemplate(new URL('./varnishd.vcl', import.meta.url), dir, { origin });
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
      ...['-p', `vsl_mask=${maskOfAll()}`],
    ];
  },
};

/** Nothing is written to its log, which it otherwise does for each field of each request. */
function maskOfAll() {
  const text = outputOf('varnishd', '-x vsl') ?? '';
  return [...text.matchAll(/^(\w+)\n-+$/gm)].map(([, tag]) => `-${tag}`).join(',');
}
