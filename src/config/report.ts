/**
 * Errors and warnings about a config as a compiler shows them: place and sentence, the line of the source with a
 * mark under what is meant, and what to do.
 *
 * ```
 * my.config.ts:3:41: app1: port must be between 1 and 65535, but is 70000.
 *   3 | const app1 = backend({ host: '127.0.0.1', port: 70000 });
 *     |                                           ^^^^
 * ```
 */
import { readFileSync } from 'node:fs';
import { isAbsolute, relative } from 'node:path';
import { type Place, type Step, TroupeError } from '../errors.ts';
import { mistakesOf } from './combined-error.ts';
import type { ConfigWarning } from './warnings.ts';

export interface RenderOptions {
  /** With the colors of a terminal. Default: false. */
  readonly color?: boolean;
  /** Folder from which paths are shown. Default: the process's working directory. */
  readonly cwd?: string;
}

/** Columns of source that are shown; longer lines are cut around the mark. */
const WIDEST_LINE = 120;

/**
 * Renders an error for people, without a line end. Several mistakes that came as one are all shown. Of what is
 * no TroupeError, and so nobody's mistake but Troupe's own, the stack is shown.
 */
export function renderError(error: unknown, options: RenderOptions = {}): string {
  if (!(error instanceof TroupeError))
    return error instanceof Error ? (error.stack ?? String(error)) : String(error);
  return mistakesOf(error)
    .map((mistake) => render(mistake, 'error', options))
    .join('\n\n');
}

/** Renders a warning for people, without a line end. */
export function renderWarning(warning: ConfigWarning, options: RenderOptions = {}): string {
  return render({ ...warning, message: `warning: ${warning.message}` }, 'warning', options);
}

interface Reported {
  readonly message: string;
  readonly advice?: string | undefined;
  readonly place: Place | undefined;
  readonly trail?: readonly Step[];
}

function render(
  { message, advice, place, trail = [] }: Reported,
  level: 'error' | 'warning',
  options: RenderOptions,
): string {
  const paint = painter(options.color === true);
  const lines: string[] = [];
  if (place === undefined) lines.push(paint('bold', message));
  else {
    const file = shownPath(place.file, options.cwd ?? process.cwd());
    lines.push(`${paint('bold', `${file}:${place.line}:${place.column}:`)} ${message}`);
    const source = sourceLine(place);
    if (source !== undefined) lines.push(...excerpt(source, place, level, paint));
  }
  if (advice !== undefined) lines.push(`  ${advice}`);
  for (const step of trail) {
    const file = shownPath(step.place.file, options.cwd ?? process.cwd());
    lines.push(`  ${step.message} (${file}:${step.place.line}:${step.place.column})`);
  }
  return lines.join('\n');
}

function excerpt(
  source: string,
  { line, column, length }: Place,
  level: 'error' | 'warning',
  paint: Paint,
): string[] {
  const start = Math.max(0, source.length <= WIDEST_LINE ? 0 : column - 1 - WIDEST_LINE / 2);
  const shown = source.slice(start, start + WIDEST_LINE);
  // What is in front of the mark keeps its tabs, so that the mark stands below whatever their width is.
  const indent = shown.slice(0, column - 1 - start).replace(/[^\t]/g, ' ');
  const rest = source.slice(column - 1);
  const mark = '^'.repeat(
    Math.min(length ?? markedLength(rest), Math.max(1, start + WIDEST_LINE - column + 1)),
  );
  const number = String(line);
  const margin = ' '.repeat(number.length);
  return [
    `  ${paint('dim', `${number} |`)} ${shown}`,
    `  ${paint('dim', `${margin} |`)} ${indent}${paint(level === 'error' ? 'red' : 'yellow', mark)}`,
  ];
}

/** A word, a quoted text, or one character. */
function markedLength(rest: string): number {
  const match = /^(?:[\w$]+|'[^']*'|"[^"]*"|`[^`]*`)/.exec(rest);
  return Math.min(match?.[0].length ?? 1, WIDEST_LINE / 2);
}

function sourceLine({ file, line, column }: Place): string | undefined {
  try {
    const text = readFileSync(file, 'utf8').split(/\r?\n/)[line - 1];
    return text === undefined || column > text.length + 1 ? undefined : text;
  } catch {
    // The file may be gone, or be a directory: then the sentence must do.
    return undefined;
  }
}

function shownPath(file: string, cwd: string): string {
  const path = relative(cwd, file);
  return path === '' || path.startsWith('..') || isAbsolute(path) ? file : path;
}

const styles = { bold: [1, 22], dim: [2, 22], red: [31, 39], yellow: [33, 39] } as const;

type Paint = (style: keyof typeof styles, text: string) => string;

function painter(isColored: boolean): Paint {
  if (!isColored) return (_style, text) => text;
  return (style, text) => `\x1b[${styles[style][0]}m${text}\x1b[${styles[style][1]}m`;
}
