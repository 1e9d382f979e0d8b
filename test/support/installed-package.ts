/**
 * The package as a user has it after `npm install troupe`: built, with the files that are published and nothing
 * else of this tree, in a project of its own.
 */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readdir, readFile, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const root = fileURLToPath(new URL('../..', import.meta.url));

export interface InstalledPackage {
  /** The user's project. */
  readonly project: string;
  /** The package in it. */
  readonly folder: string;
  /** TypeScript's compiler. */
  readonly tsc: string;
  readonly remove: () => Promise<void>;
}

export async function installPackage(): Promise<InstalledPackage> {
  const project = await mkdtemp(join(tmpdir(), 'troupe-installed-'));
  const modules = join(project, 'node_modules');
  const folder = join(modules, 'troupe');
  const tsc = join(root, 'node_modules/typescript/bin/tsc');
  await mkdir(folder, { recursive: true });
  const { files } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8')) as { files: string[] };
  for (const file of ['package.json', ...files]) {
    if (file !== 'dist') await cp(join(root, file), join(folder, file), { recursive: true });
  }
  const build = ['-p', join(root, 'tsconfig.build.json'), '--outDir', join(folder, 'dist')];
  await run(process.execPath, [tsc, ...build], { cwd: root });
  for (const name of await readdir(join(root, 'node_modules'))) {
    if (!name.startsWith('.')) await symlink(join(root, 'node_modules', name), join(modules, name));
  }
  return { project, folder, tsc, remove: () => rm(project, { recursive: true }) };
}
