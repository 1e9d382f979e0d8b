/**
 * Evaluates a config's module and what it imports, each time anew: a reload must see every edit, and two
 * loadings must share nothing. (jiti transpiles and resolves, but its own `import` hands .mjs files to Node,
 * whose module cache never forgets.)
 *
 * Fresh: files outside node_modules, TypeScript, JavaScript and JSON. Packages, Node's own modules and what is
 * fetched by `require` come from Node's caches, as everywhere.
 */
import { readFileSync } from 'node:fs';
import { createRequire, isBuiltin } from 'node:module';
import { dirname, extname, sep } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { Script } from 'node:vm';
import { createJiti } from 'jiti';
import { TroupeError } from '../errors.ts';
import type { ProvideModule } from './provided-modules.ts';
import type { SourceFiles } from './source-files.ts';
import { transpile } from './transpile.ts';

export type Namespace = Readonly<Record<string, unknown>>;

interface Module {
  readonly file: string;
  exports: Record<string, unknown>;
  /** Settled when it has been evaluated. */
  done: Promise<void>;
  finished: boolean;
  /** Modules whose evaluation it waits for now. */
  readonly waitsFor: Set<Module>;
}

type Evaluate = (
  exports: object,
  require: NodeJS.Require,
  module: { exports: unknown },
  filename: string,
  directory: string,
  importModule: (specifier: unknown) => Promise<unknown>,
  resolveModule: (specifier: string) => string,
) => Promise<void>;

/** jiti's names for what its transpiled code calls. It stands on the code's first line, so columns move by it. */
const head =
  '(async function (exports, require, module, __filename, __dirname, jitiImport, jitiESMResolve) { ';
const tail = '\n})';

const transpiled = new Set(['.ts', '.mts', '.cts', '.js', '.mjs', '.cjs']);

/** One loading. Cycles work as in CommonJS: who closes one sees what the other has exported so far. */
export class ModuleRunner {
  readonly #modules = new Map<string, Module>();
  readonly #files: SourceFiles;
  readonly #provided: ReadonlyMap<string, ProvideModule>;

  /**
   * @param files takes in each file that is evaluated
   * @param provided modules that are there already, by specifier
   */
  constructor(files: SourceFiles, provided: ReadonlyMap<string, ProvideModule>) {
    this.#files = files;
    this.#provided = provided;
  }

  /**
   * @param file absolute path
   * @throws TroupeError `config.syntax`, `config.unreadable`; and whatever the modules throw
   */
  async run(file: string): Promise<Namespace> {
    const module = this.#module(file);
    await module.done;
    return module.exports;
  }

  #module(file: string): Module {
    const known = this.#modules.get(file);
    if (known !== undefined) return known;
    const module: Module = {
      file,
      exports: {},
      done: Promise.resolve(),
      finished: false,
      waitsFor: new Set(),
    };
    this.#modules.set(file, module);
    module.done = this.#evaluate(module).finally(() => {
      module.finished = true;
    });
    // Whoever imports it is told; an import that nobody awaits must not end the process.
    module.done.catch(() => {});
    return module;
  }

  async #evaluate(module: Module): Promise<void> {
    const { file } = module;
    const text = readFileSync(file, 'utf8');
    if (extname(file) === '.json') {
      module.exports = { default: parseJson(file, text) };
      return;
    }
    const { code, map } = transpile({ file, text });
    this.#files.add({ file, text }, map);
    // A comment, as Node takes it; the columns of a first line that is one do not matter.
    const body = code.startsWith('#!') ? `//${code}` : code;
    const evaluate = compile(file, head + body + tail);
    const scope = { exports: module.exports };
    const resolver = createJiti(file, { fsCache: false, moduleCache: false });
    await evaluate(
      module.exports,
      createRequire(file),
      scope,
      file,
      dirname(file),
      (specifier) => this.#import(String(specifier), module, resolver),
      (specifier) => resolver.esmResolve(specifier),
    );
    if (scope.exports !== module.exports) module.exports = fromCommonJs(scope.exports);
  }

  async #import(
    specifier: string,
    importer: Module,
    resolver: { esmResolve(id: string, options: { try: true }): string | undefined },
  ): Promise<unknown> {
    const provide = this.#provided.get(specifier);
    if (provide !== undefined) return provide();
    if (isBuiltin(specifier) || specifier.startsWith('data:')) return import(specifier);
    const url = resolver.esmResolve(specifier, { try: true });
    if (url === undefined) throw this.#notFound(specifier, importer);
    if (!url.startsWith('file:')) return import(url);
    const file = fileURLToPath(url);
    const isFresh = transpiled.has(extname(file)) || extname(file) === '.json';
    if (!isFresh || file.includes(`${sep}node_modules${sep}`)) return import(pathToFileURL(file).href);
    const imported = this.#module(file);
    if (imported.finished || !waits(imported, importer)) {
      importer.waitsFor.add(imported);
      try {
        await imported.done;
      } finally {
        importer.waitsFor.delete(imported);
      }
    }
    return imported.exports;
  }

  #notFound(specifier: string, importer: Module): TroupeError {
    const isFile = /^[./]|^file:/.test(specifier);
    return new TroupeError(
      'config.unreadable',
      `cannot find ${isFile ? 'the file' : 'the package'} '${specifier}'.`,
      {
        side: 'troupe',
        place: this.#files.importIn(importer.file, specifier),
        advice: isFile
          ? `It is looked for beside ${importer.file}.`
          : `Install it where the config is: npm install ${specifier}.`,
      },
    );
  }
}

/** Babel lets some mistakes pass that V8 refuses: a regular expression that is none. */
function compile(file: string, code: string): Evaluate {
  try {
    return new Script(code, { filename: file, columnOffset: -head.length }).runInThisContext() as Evaluate;
  } catch (error) {
    const { message, stack = '' } = error as Error;
    const line = Number(/:(\d+)$/.exec(stack.split('\n')[0] ?? '')?.[1] ?? 1);
    throw notValid(file, line, message, error);
  }
}

function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    throw notValid(file, 1, (error as Error).message, error);
  }
}

function notValid(file: string, line: number, what: string, cause: unknown): TroupeError {
  return new TroupeError('config.syntax', `syntax error: ${what}.`, {
    side: 'troupe',
    cause,
    place: { file, line, column: 1 },
  });
}

/** Whether a module cannot finish before another one has: then waiting for it would be for ever. */
function waits(module: Module, other: Module): boolean {
  if (module === other) return true;
  for (const next of module.waitsFor) if (waits(next, other)) return true;
  return false;
}

function fromCommonJs(exports: unknown): Record<string, unknown> {
  const named = typeof exports === 'object' && exports !== null ? { ...exports } : {};
  return { default: exports, ...named };
}
