/**
 * Files beside a program, for std.fileread() and its like: what is in the program's folder, or below it, and nothing
 * else, whichever way the path leads out. Read once and kept, as varnishd does.
 */
import { readFileSync, realpathSync } from 'node:fs';
import { resolve, sep } from 'node:path';

/** Bytes; what a request waits for while it is read should be small. */
const LARGEST_FILE = 16 * 1024 * 1024;

export class ConfigFiles {
  readonly #folder: string | undefined;
  readonly #read = new Map<string, Buffer>();

  /** @param folder absolute path */
  constructor(folder: string | undefined) {
    this.#folder = folder;
  }

  /**
   * @param path absolute, or from the folder on
   * @param log told of a file that is somewhere else: it is as if it could not be read
   * @returns undefined: there is no such file, or it cannot be read
   */
  read(path: string, log: (message: string) => void): Buffer | undefined {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    const file = this.#find(path, log);
    if (file === undefined) return undefined;
    let bytes: Buffer;
    try {
      bytes = readFileSync(file);
    } catch {
      return undefined;
    }
    if (bytes.length > LARGEST_FILE) throw new Error(`${path} has more than ${LARGEST_FILE} bytes`);
    this.#read.set(path, bytes);
    return bytes;
  }

  /** @param log as for `read` */
  has(path: string, log: (message: string) => void): boolean {
    return this.#find(path, log) !== undefined;
  }

  /** Where it really is. */
  #find(path: string, log: (message: string) => void): string | undefined {
    if (this.#folder === undefined) {
      log(`${path} is not looked for: this program is in no folder`);
      return undefined;
    }
    const wanted = resolve(this.#folder, path);
    if (isInside(wanted, this.#folder)) {
      let file: string;
      try {
        file = realpathSync(wanted);
      } catch {
        return undefined;
      }
      if (isInside(file, realpathSync(this.#folder))) return file;
    }
    // Whether there is something must not show: the path may be a client's.
    log(`${path} is not looked at: it is outside of the program's folder, ${this.#folder}`);
    return undefined;
  }
}

function isInside(file: string, folder: string): boolean {
  return file === folder || file.startsWith(folder.endsWith(sep) ? folder : folder + sep);
}
