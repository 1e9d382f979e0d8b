/** nginx, one worker process: nginx.conf. */
import { versionOf } from '../support/machine.mjs';
import { fillTemplate } from '../support/template.mjs';

export const nginx = {
  name: 'nginx',
  version: () => versionOf('nginx', '-v'),
  command: ({ port, origin, dir }) => {
    const file = fillTemplate(new URL('./nginx.conf', import.meta.url), dir, { port, origin, dir });
    return ['nginx', '-c', file, '-p', dir];
  },
};
