/** Troupe: troupe.config.ts, which does what varnishd.vcl does. */
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fillTemplate } from '../support/template.mjs';

const MAIN = fileURLToPath(new URL('../../dist/cli/main.js', import.meta.url));

export const troupe = {
  name: 'Troupe',
  version: () => {
    if (!existsSync(MAIN)) return undefined;
    return JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')).version;
  },
  command: ({ port, origin, dir, file: given }) => {
    const file = given ?? fillTemplate(new URL('./troupe.config.ts', import.meta.url), dir, { origin });
    return [process.execPath, MAIN, 'run', '-f', file, '-a', `127.0.0.1:${port}`];
  },
};
