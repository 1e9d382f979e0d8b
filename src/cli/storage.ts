/**
 * `-s [NAME=]KIND[,...]`, as varnishd writes it: how much the cache may take, in one storage or in several. All of them
 * are in memory, those of the kind `file` too.
 */
import { totalmem } from 'node:os';

const units = { '': 1, b: 1, k: 1024, m: 1024 ** 2, g: 1024 ** 3, t: 1024 ** 4 } as const;

/** varnishd's `-s malloc` is bounded by nothing; here it is by the size that the cache has by default. */
const DEFAULT_BYTES = 100 * 1024 * 1024;

/** Of the machine's memory that a file's size may become. */
const LARGEST_SHARE = 0.5;

export interface Storages {
  /** By their names, in their order; undefined: as many as by default. */
  readonly bytes: ReadonlyMap<string, number> | undefined;
  /** What is worth knowing. */
  readonly notes: readonly string[];
}

/**
 * @param texts as typed
 * @param memory bytes that the machine has
 * @returns a sentence, if something is wrong
 */
export function parseStorages(texts: readonly string[], memory = totalmem()): Storages | string {
  const bytes = new Map<string, number>();
  const notes: string[] = [];
  let unnamed = 0;
  for (const text of texts) {
    const parsed = parseStorage(text, memory);
    if (typeof parsed === 'string') return parsed;
    const { name = `s${unnamed++}` } = parsed;
    if (bytes.has(name)) return `-s ${text}: there are two storages of the name ${name}.`;
    bytes.set(name, parsed.bytes);
    if (parsed.note !== undefined) notes.push(parsed.note);
  }
  // Where only the transient one is given, there is one by default beside it.
  if (bytes.size === 1 && bytes.has('Transient')) bytes.set('s0', DEFAULT_BYTES);
  return { bytes: bytes.size === 0 ? undefined : bytes, notes };
}

interface ParsedStorage {
  readonly name: string | undefined;
  readonly bytes: number;
  readonly note?: string;
}

function parseStorage(text: string, memory: number): ParsedStorage | string {
  const [, name, kind = '', rest] = /^(?:([^=,]*)=)?([^,]*)(?:,(.*))?$/s.exec(text) ?? [];
  if (name !== undefined && !/^[A-Za-z][\w-]*$/.test(name)) {
    return `-s ${text}: "${name}" is no name of a storage; it has letters, digits, - and _.`;
  }
  switch (kind) {
    case 'malloc':
    case 'umem':
    case 'default': {
      const bytes = rest === undefined || rest === '' ? DEFAULT_BYTES : sizeOf(rest);
      return bytes === undefined ? noSize(text, rest) : { name, bytes };
    }
    case 'file':
      return parseFile(text, name, rest?.split(',')[1], memory);
    default:
      return `-s ${text}: Troupe stores in memory only; write -s malloc,SIZE.`;
  }
}

/** A command line that names a file is one that should serve, and then from memory. */
function parseFile(
  text: string,
  name: string | undefined,
  size: string | undefined,
  memory: number,
): ParsedStorage | string {
  const wanted = size === undefined || size === '' ? DEFAULT_BYTES : sizeOf(size);
  if (wanted === undefined) return noSize(text, size);
  const bytes = Math.min(wanted, Math.floor(memory * LARGEST_SHARE));
  const amount = `${Math.floor(bytes / units.m)} MB`;
  const why = bytes < wanted ? ', which is half of what the machine has' : '';
  return { name, bytes, note: `-s ${text}: the cache is in memory, of which this takes ${amount}${why}.` };
}

function sizeOf(text: string): number | undefined {
  const parts = /^(\d+(?:\.\d+)?)([bkmgt]?)b?$/i.exec(text);
  if (parts === null) return undefined;
  return Math.floor(Number(parts[1]) * units[(parts[2] ?? '').toLowerCase() as keyof typeof units]);
}

function noSize(text: string, size: string | undefined): string {
  return `-s ${text}: "${size}" is no size; write bytes, or a unit: 256m, 1.5g.`;
}
