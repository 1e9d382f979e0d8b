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
   * @returns undefined: there is no such file, or it cannot be read
   * @throws Error it is somewhere else
   */
  read(path: string): Buffer | undefined {
    const known = this.#read.get(path);
    if (known !== undefined) return known;
    const file = this.#find(path);
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

  /** @throws Error it is somewhere else */
  has(path: string): boolean {
    return this.#find(path) !== undefined;
  }

  /** Where it really is. */
  #find(path: string): string | undefined {
    if (this.#folder === undefined) throw new Error(`${path}: this program is in no folder`);
    const wanted = resolve(this.#folder, path);
    this.#expectInside(wanted, this.#folder, path);
    let file: string;
    try {
      file = realpathSync(wanted);
    } catch {
      return undefined;
    }
    this.#expectInside(file, realpathSync(this.#folder), path);
    return file;
  }

  #expectInside(file: string, folder: string, path: string): void {
    if (file === folder || file.startsWith(folder.endsWith(sep) ? folder : folder + sep)) return;
    throw new Error(`${path} is outside of the program's folder, ${this.#folder}`);
  }
}
