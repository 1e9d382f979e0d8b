/**
 * Where in the running code something was called or thrown, read from V8's stack text. That is the position in
 * the code that runs, which for a loaded config is transpiled: source-files.ts leads back to what was written.
 */

import { fileURLToPath } from 'node:url';

/** Line and column count from 1. */
export interface Frame {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A call, by the stack below it. Its text is made by V8 only when somebody reads it. */
export interface CallSite {
  readonly stack: string;
}

/** A callback may stand between the call and the user's own line: `hosts.map(backend)`. */
const FRAMES_KEPT = 4;

/** @param callee the function whose caller is wanted */
export function captureCallSite(callee: (...args: never[]) => unknown): CallSite {
  const site = { stack: '' };
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = FRAMES_KEPT;
  Error.captureStackTrace(site, callee);
  Error.stackTraceLimit = limit;
  return site;
}

/** `    at Object.recv (/srv/my.config.ts:18:86)`, `    at async file:///srv/main.js:3:1` */
const frameLine = /^\s+at (?:.*? \()?((?:file:\/\/|\/|[A-Za-z]:[\\/]).*?):(\d+):(\d+)\)?$/;

/** The frames that lie in files, innermost first. */
export function framesOf(stack: unknown): Frame[] {
  const frames: Frame[] = [];
  if (typeof stack !== 'string') return frames;
  for (const text of stack.split('\n')) {
    const match = frameLine.exec(text);
    if (match === null) continue;
    const file = pathOf(match[1] ?? '');
    if (file !== undefined) frames.push({ file, line: Number(match[2]), column: Number(match[3]) });
  }
  return frames;
}

function pathOf(file: string): string | undefined {
  if (!file.startsWith('file://')) return file;
  try {
    return fileURLToPath(file);
  } catch {
    // A URL that is no path on this system is nobody's config.
    return undefined;
  }
}
