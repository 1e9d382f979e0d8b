/**
 * The files that a config came from, as they were when it was loaded, and the way from a position in the
 * running code to the place that its author knows.
 *
 * A config made in a program was not transpiled here: its positions are taken as they are, and its text is read
 * from disk if a mistake must be shown.
 */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Place } from '../errors.ts';
import { type CallSite, type Frame, framesOf } from './call-site.ts';
import type { ArgumentPath, SourceTree, Spot } from './source-tree.ts';
import { parse, type SourceFile, type Transpiled } from './transpile.ts';

interface KnownFile extends SourceFile {
  readonly map: Transpiled['map'];
  /** Built when first asked for; null if the text does not parse. */
  tree: SourceTree | null | undefined;
}

/** Troupe's own code, in which nobody's config stands: src/ or dist/. */
const ownCode = dirname(dirname(fileURLToPath(import.meta.url)));

export class SourceFiles {
  readonly #files = new Map<string, KnownFile>();
  /** Whether the files are all known, because a loader adds them: then no other file is the user's. */
  readonly #closed: boolean;

  private constructor(closed: boolean) {
    this.#closed = closed;
  }

  /** For a loader, which adds every file that it evaluates. */
  static ofLoad(): SourceFiles {
    return new SourceFiles(true);
  }

  /** For configs made in the program: their files are whatever the calls stand in, and do not change. */
  static readonly ofProgram = new SourceFiles(false);

  add(source: SourceFile, map: Transpiled['map']): void {
    this.#files.set(source.file, { ...source, map, tree: undefined });
  }

  /** Of a call: of the name of what is called. Reads no file, so that it can be asked of every call. */
  call(site: CallSite): Place | undefined {
    const at = this.#first(site.stack);
    return at === undefined || !this.#files.has(at.file) ? at : this.#startOfName(at);
  }

  /** Of something in a call's arguments, or of the nearest thing around it, or of the call itself. */
  argument(site: CallSite, path: ArgumentPath): Place | undefined {
    const at = this.#first(site.stack);
    if (at === undefined) return undefined;
    const spot = this.#tree(at.file)?.find(at, path);
    return spot === undefined ? this.#startOfName(at) : { file: at.file, ...spot };
  }

  /** The name of the variable that stands at a place in a call's arguments, if one does. */
  variable(site: CallSite, path: ArgumentPath): string | undefined {
    const at = this.#first(site.stack);
    return at === undefined ? undefined : this.#tree(at.file)?.nameAt(at, path);
  }

  /** Of the innermost line of a stack that lies in these files. */
  thrown(error: unknown): Place | undefined {
    if (!(error instanceof Error)) return undefined;
    return this.#first(error.stack);
  }

  /** Of an import in a file. */
  importIn(file: string, specifier: string): Place | undefined {
    return this.#at(file, this.#tree(file)?.importOf(specifier));
  }

  defaultExportIn(file: string): Place | undefined {
    return this.#at(file, this.#tree(file)?.defaultExport);
  }

  #at(file: string, spot: Spot | undefined): Place | undefined {
    return spot === undefined ? undefined : { file, ...spot };
  }

  #first(stack: unknown): Place | undefined {
    const frame = framesOf(stack).find(({ file }) => this.#isUsers(file));
    return frame === undefined ? undefined : this.#original(frame);
  }

  #isUsers(file: string): boolean {
    if (this.#files.has(file)) return true;
    return !this.#closed && !file.startsWith(ownCode) && !file.includes('/node_modules/');
  }

  #original({ file, line, column }: Frame): Place {
    const entry = this.#files.get(file)?.map?.findEntry(line - 1, column - 1);
    if (entry === undefined || !('originalLine' in entry)) return { file, line, column };
    return { file, line: entry.originalLine + 1, column: entry.originalColumn + 1 };
  }

  /** V8 points at a call's last name or at its parenthesis; people look for where the name begins. */
  #startOfName({ file, line, column }: Place): Place {
    const text = this.#known(file)?.text.split('\n')[line - 1] ?? '';
    const name = /[\w$.]+$/.exec(text.slice(0, column - 1));
    return { file, line, column: column - (name?.[0].length ?? 0) };
  }

  #tree(file: string): SourceTree | undefined {
    const known = this.#known(file);
    if (known === undefined) return undefined;
    known.tree ??= parse(known) ?? null;
    return known.tree ?? undefined;
  }

  #known(file: string): KnownFile | undefined {
    const known = this.#files.get(file);
    if (known !== undefined || this.#closed) return known;
    try {
      this.add({ file, text: readFileSync(file, 'utf8') }, undefined);
    } catch {
      // The program may run without its sources; then places are as exact as its stacks.
      return undefined;
    }
    return this.#files.get(file);
  }
}
