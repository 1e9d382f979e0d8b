/**
 * From a config's TypeScript or JavaScript to code that module-runner.ts can evaluate, by the Babel that jiti
 * brings. Cost: 130 ms for the first file of a process, some 10 ms for each further one.
 */
import { SourceMap } from 'node:module';
import { createJiti, type TransformOptions, type TransformResult } from 'jiti';
import { TroupeError } from '../errors.ts';
import { SourceTree, type SyntaxNode } from './source-tree.ts';

/** A file as it was when it was read. */
export interface SourceFile {
  readonly file: string;
  readonly text: string;
}

export interface Transpiled {
  /** Body of an async function; its imports are calls of `jitiImport`. */
  readonly code: string;
  /** From the code back to the text; without it, columns are those of the code. */
  readonly map: SourceMap | undefined;
}

const jiti = createJiti(import.meta.url, { fsCache: false, moduleCache: false, interopDefault: false });

/** Files whose code is kept: who proves a config loads the same one hundreds of times. */
const MOST_KEPT = 64;
const kept = new Map<string, Transpiled & { readonly text: string }>();

/** @throws TroupeError `config.syntax` with its place */
export function transpile(source: SourceFile): Transpiled {
  const { file, text } = source;
  const known = kept.get(file);
  if (known?.text === text) return known;
  const transpiled = transpileAnew(source);
  if (kept.size >= MOST_KEPT) kept.clear();
  kept.set(file, { ...transpiled, text });
  return transpiled;
}

function transpileAnew(source: SourceFile): Transpiled {
  const { file, text } = source;
  const { code, error } = transform(file, text, { sourceMaps: 'inline', sourceFileName: file });
  if (error !== undefined) throw syntaxError(source, error);
  const [body = '', encodedMap] = code.split(mapComment);
  return { code: body, map: encodedMap === undefined ? undefined : decodeMap(encodedMap) };
}

/** @returns undefined if the text does not parse */
export function parse({ file, text }: SourceFile): SourceTree | undefined {
  let tree: SourceTree | undefined;
  // `pre` runs before any plugin has touched the tree.
  const reader = { pre: ({ ast }: { ast: { program: SyntaxNode } }) => (tree = new SourceTree(ast.program)) };
  transform(file, text, { plugins: [() => reader] });
  return tree;
}

const mapComment = '//# sourceMappingURL=data:application/json;charset=utf-8;base64,';

function transform(file: string, source: string, babel: TransformOptions['babel'] & object): TransformResult {
  const { transform: babelTransform } = jiti.options;
  if (babelTransform === undefined) throw new Error('this version of jiti has no transform');
  return babelTransform({
    source,
    filename: file,
    ts: /\.[cm]?ts$/.test(file),
    async: true,
    interopDefault: false,
    retainLines: true,
    babel,
  });
}

function decodeMap(encoded: string): SourceMap {
  return new SourceMap(JSON.parse(Buffer.from(encoded.trim(), 'base64').toString('utf8')));
}

/** Babel's message is `FILE: What is wrong. (LINE:COLUMN)`, and its columns count from 0. */
function syntaxError({ file, text }: SourceFile, error: unknown): TroupeError {
  const { message = '', loc } = error as {
    message?: string;
    loc?: { line: number; column: number; index: number };
  };
  const what = message
    .replace(/^\S*: /, '')
    .replace(/\s*\(\d+:\d+\)[\s\S]*$/, '')
    .replace(/\.$/, '');
  // What is missing at the end of a file is missing behind its last text, not on an empty line.
  const isAtEnd = loc !== undefined && text.slice(loc.index).trim() === '';
  const lines = (isAtEnd ? text.trimEnd() : text).split('\n');
  const line = isAtEnd ? lines.length : (loc?.line ?? 1);
  const column = isAtEnd ? (lines.at(-1)?.length ?? 0) : (loc?.column ?? 0);
  return new TroupeError(
    'config.syntax',
    `syntax error${isAtEnd ? ' at the end of the file' : ''}: ${what}.`,
    {
      side: 'troupe',
      cause: error,
      place: { file, line, column: column + 1 },
    },
  );
}
