/** haproxy, one thread: haproxy.cfg. */
import { versionOf } from '../support/machine.mjs';
import { fillTemplate } from '../support/template.mjs';

export const haproxy = {
  name: 'haproxy',
  version: () => versionOf('haproxy', '-v'),
  command: ({ port, origin, dir }) => {
    const file = fillTemplate(new URL('./haproxy.cfg', import.meta.url), dir, { port, origin });
    return ['haproxy', '-db', '-q', '-f', file];
  },
};
