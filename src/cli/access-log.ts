/**
 * The access log of `troupe run`: a JSON line for each request that has ended, gathered and written behind
 * the requests' backs. What cannot be written is dropped, and serving goes on.
 */
import { closeSync, openSync } from 'node:fs';
import { pino } from 'pino';
import { TroupeError } from '../errors.ts';
import type { RequestReport } from '../proxy/request/request-report.ts';

export interface AccessLog {
  write(report: RequestReport): void;
  /** Goes on in a file of the same name, for after that was moved away. */
  reopen(): void;
  /** Writes what is left. */
  close(): Promise<void>;
}

/** Characters that are worth a write; what is less waits for others, but no longer than the time below. */
const gatherLength = 16 * 1024;
const longestWaitMs = 250;
/** A reader that is there and reads nothing keeps the process from its end no longer. */
const longestCloseMs = 2_000;
/** Bytes that may wait for a disk or a reader that is too slow; lines beyond are dropped. */
const mostWaitingBytes = 16 * 1024 * 1024;

/** Instead of a file: standard output. */
export const STANDARD_OUTPUT = '-';

/**
 * @param path a file to append to, or `-`
 * @param tell called with a sentence when lines are lost; once, until writing works again
 * @throws TroupeError `troupe.log-failed`
 */
export function openAccessLog(path: string, tell: (sentence: string) => void): AccessLog {
  const isFile = path !== STANDARD_OUTPUT;
  if (isFile) expectWritable(path);
  const destination = pino.destination({
    dest: isFile ? path : 1,
    sync: false,
    maxLength: mostWaitingBytes,
  });
  let isLosing = false;
  const lose = (why: string): void => {
    if (!isLosing) tell(`access log: ${why}; lines are lost until it can be written again`);
    isLosing = true;
  };
  /** Its reader has gone for good; pino has made the destination deaf then, also to its end. */
  let isUnread = false;
  destination.on('error', (error: NodeJS.ErrnoException) => {
    isUnread ||= error.code === 'EPIPE';
    lose(`${path} cannot be written (${error.message})`);
  });
  destination.on('drop', () => lose(`${path} is written too slowly`));
  destination.on('write', () => {
    isLosing = false;
  });

  // Lines are gathered here and not by the destination, which looks through all that waits at each one; and
  // they are made by JSON itself, because a logger takes twice the time for what is plain data already.
  let lines = '';
  let timer: NodeJS.Timeout | undefined;
  const pass = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (lines !== '') destination.write(lines);
    lines = '';
  };

  return {
    write(report) {
      const level = report.failure === undefined ? 'info' : 'error';
      lines += `{"level":"${level}",${JSON.stringify(report).slice(1)}\n`;
      if (lines.length >= gatherLength) pass();
      else timer ??= setTimeout(pass, longestWaitMs);
    },
    reopen() {
      pass();
      if (isFile) destination.reopen();
    },
    close: () =>
      new Promise((resolve) => {
        pass();
        if (isUnread) {
          resolve();
          return;
        }
        const giveUp = () => {
          // Or it would try again whenever the process has nothing left to do, and so for ever.
          destination.destroy();
          resolve();
        };
        const overdue = setTimeout(giveUp, longestCloseMs);
        destination.once('close', () => {
          clearTimeout(overdue);
          resolve();
        });
        destination.once('error', giveUp);
        destination.end();
      }),
  };
}

/** The destination opens later, when nobody could be told any more. */
function expectWritable(path: string): void {
  try {
    closeSync(openSync(path, 'a'));
  } catch (cause) {
    const message = `access log: ${path} cannot be written: ${(cause as Error).message}`;
    throw new TroupeError('troupe.log-failed', message, { side: 'troupe', cause });
  }
}
