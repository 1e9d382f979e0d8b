/**
 * `-n`: the working directory, in which varnishadm finds where commands are taken and with which secret. It reads an
 * index of segments, `_.vsm_mgt/_.index`, whose segments `Arg -T` and `Arg -S` are files that end with a zero byte.
 * Source: varnishd(1), and what varnishadm of 7.1 opens.
 */
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { isAbsolute, join, resolve } from 'node:path';
import { newSecret } from '../admin/cli/secret.ts';

/** Where varnishd keeps directories that are named without a path; Debian's. */
const STATE_FOLDER = '/var/lib/varnish';
/** What varnishadm looks for without -n. */
const DEFAULT_NAME = 'varnishd';
const INDEX_FOLDER = '_.vsm_mgt';

export interface WorkFolder {
  readonly path: string;
  /** A secret that nobody else knows: the file is made when it is first asked for. */
  secretFile(): string;
  /** Lets varnishadm find the port. */
  announce(
    addresses: readonly { readonly address: string; readonly port: number }[],
    secretFile: string | undefined,
  ): void;
  /** Takes away what it has put there. */
  remove(): void;
}

/**
 * Makes the directory ready.
 *
 * @param name as typed: a path, or a name below varnishd's state directory; empty: `varnishd` there, and if that is not
 *   possible, a directory of its own among those that are temporary
 * @throws Error node's, or that another process uses it
 */
export function openWorkFolder(name: string | undefined): WorkFolder {
  if (name !== undefined && name !== '') return new OwnedFolder(pathOf(name));
  try {
    return new OwnedFolder(pathOf(DEFAULT_NAME));
  } catch {
    return new OwnedFolder(mkdtempSync(join(tmpdir(), 'troupe-')), true);
  }
}

/** Where a command line is, and with which secret. */
export interface Announced {
  readonly places: readonly { readonly host: string; readonly port: number }[];
  readonly secret: string | undefined;
}

/**
 * Finds the command line of whoever uses a directory, Troupe or varnishd.
 *
 * @throws Error a sentence that says that there is none
 */
export function announcedIn(name: string | undefined): Announced {
  const folder = pathOf(name === undefined || name === '' ? DEFAULT_NAME : name);
  const read = (file: string) => readFileSync(join(folder, INDEX_FOLDER, file), 'utf8');
  let places = '';
  let secret: string | undefined;
  try {
    for (const line of read('_.index').split('\n')) {
      const [sign, file = '', , , , option] = line.split(' ');
      if (sign !== '+') continue;
      if (option === '-T') places = read(file);
      else if (option === '-S') secret = read(file).replace(/\0.*$/s, '');
    }
  } catch (cause) {
    throw new Error(`nothing runs in ${folder}; name the port with -T, or the directory with -n`, { cause });
  }
  const lines = places.replace(/\0.*$/s, '').split('\n');
  const found = lines.flatMap((line) => {
    const [host, port] = line.split(' ');
    return host === undefined || port === undefined ? [] : [{ host, port: Number(port) }];
  });
  if (found.length === 0)
    throw new Error(`what runs in ${folder} takes no commands; it was started without -T`);
  return { places: found, secret };
}

function pathOf(name: string): string {
  return isAbsolute(name) ? name : join(STATE_FOLDER, name);
}

class OwnedFolder implements WorkFolder {
  readonly path: string;
  readonly #isTemporary: boolean;
  readonly #made: string[] = [];

  constructor(path: string, isTemporary = false) {
    this.path = path;
    this.#isTemporary = isTemporary;
    mkdirSync(path, { recursive: true, mode: 0o755 });
    const owner = ownerOf(join(path, '_.pid'));
    if (owner !== undefined) {
      throw new Error(`-n ${path}: process ${owner} uses this directory; give each its own`);
    }
    this.#write('_.pid', `${process.pid}\n`, 0o644);
  }

  secretFile(): string {
    return this.#write('_.secret', newSecret(), 0o600);
  }

  announce(
    addresses: readonly { readonly address: string; readonly port: number }[],
    secretFile: string | undefined,
  ): void {
    mkdirSync(join(this.path, INDEX_FOLDER), { recursive: true, mode: 0o750 });
    const places = addresses.map(({ address, port }) => `${address} ${port}\n`).join('');
    const secret = secretFile === undefined ? [] : [this.#segment('-S', resolve(secretFile))];
    const segments = [this.#segment('-T', places), ...secret];
    const started = Math.floor(Date.now() / 1_000);
    // The index comes last, and at once: whoever reads it finds the rest.
    this.#write(join(INDEX_FOLDER, '_.index'), `# ${process.pid} ${started}\n${segments.join('')}`, 0o644);
  }

  remove(): void {
    for (const file of this.#made.splice(0)) rmSync(file, { force: true });
    if (this.#isTemporary) rmSync(this.path, { recursive: true, force: true });
  }

  #segment(option: '-T' | '-S', value: string): string {
    const name = `_.Arg.${randomBytes(8).toString('hex')}`;
    const bytes = Buffer.from(`${value}\0`);
    this.#write(join(INDEX_FOLDER, name), bytes, 0o640);
    return `+ ${name} 0 ${bytes.length} Arg ${option}\n`;
  }

  #write(name: string, content: string | Uint8Array, mode: number): string {
    const file = join(this.path, name);
    // Not into what somebody else may have put there, and with rights of its own from the beginning.
    rmSync(file, { force: true });
    writeFileSync(file, content, { mode, flag: 'wx' });
    this.#made.push(file);
    return file;
  }
}

/** The live process that a PID file names. */
function ownerOf(pidFile: string): number | undefined {
  let pid: number;
  try {
    pid = Number(readFileSync(pidFile, 'utf8'));
  } catch {
    return undefined;
  }
  if (!Number.isInteger(pid) || pid <= 0 || pid === process.pid) return undefined;
  try {
    process.kill(pid, 0);
    return pid;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' ? pid : undefined;
  }
}
