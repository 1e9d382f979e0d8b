/**
 * Which files may be loaded as configs. Loading runs code with Troupe's rights, and without a token every user of
 * this machine can ask for it: then only files count that stand where the operator keeps configs.
 */
import { realpathSync } from 'node:fs';
import { isAbsolute, relative, resolve } from 'node:path';
import { TroupeError } from '../../errors.ts';

/**
 * @param folder undefined: every file may be loaded
 * @returns throws TroupeError `admin.forbidden`, `config.unreadable`
 */
export function loadableCheck(folder: string | undefined): (file: string) => void {
  return (file) => {
    if (folder === undefined) return;
    // As it is written first, so that nobody learns which files there are; then with links followed.
    if (isBelow(folder, resolve(file)) && isBelow(realPath(folder), realPath(file))) return;
    throw new TroupeError('admin.forbidden', `${file} is not below ${folder}.`, {
      side: 'client',
      advice:
        'Without a token, configs are loaded from that folder only: put it there, or use --dashboard-token.',
    });
  };
}

function isBelow(folder: string, file: string): boolean {
  const path = relative(folder, file);
  return path !== '' && !path.startsWith('..') && !isAbsolute(path);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'there is no such file' : String(code ?? cause);
    throw new TroupeError('config.unreadable', `${path} cannot be read: ${why}.`, { side: 'troupe', cause });
  }
}
