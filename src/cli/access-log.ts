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

/** Bytes that are worth a write; what is less waits for others, but no longer than the time below. */
const gatherBytes = 4 * 1024;
const longestWaitMs = 250;
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
    minLength: gatherBytes,
    maxLength: mostWaitingBytes,
    periodicFlush: longestWaitMs,
  });
  const formatters = { level: (level: string) => ({ level }) };
  const logger = pino({ base: null, timestamp: false, formatters }, destination);

  let isLosing = false;
  const lose = (why: string): void => {
    if (!isLosing) tell(`access log: ${why}; lines are lost until it can be written again`);
    isLosing = true;
  };
  destination.on('error', (error: Error) => lose(`${path} cannot be written (${error.message})`));
  destination.on('drop', () => lose(`${path} is written too slowly`));
  destination.on('write', () => {
    isLosing = false;
  });

  return {
    write(report) {
      if (report.failure === undefined) logger.info(report);
      else logger.error(report);
    },
    reopen() {
      if (isFile) destination.reopen();
    },
    close: () =>
      new Promise((resolve) => {
        destination.once('close', resolve);
        destination.once('error', () => resolve());
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
