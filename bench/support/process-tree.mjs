/** What /proc says of a process and its descendants (proc(5): /proc/pid/stat and /proc/pid/status). */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';

/** @typedef {{ pid: number, parent: number, state: string, ticks: number, startTime: string }} Stat */

/** Ticks of processor time in a second. */
const TICKS_PER_SECOND = Number(execFileSync('getconf', ['CLK_TCK'], { encoding: 'utf8' }));

/**
 * @param {number} pid
 * @returns {Stat | undefined} undefined: there is no such process (any more)
 */
function readStat(pid) {
  const text = readOrEmpty(`/proc/${pid}/stat`);
  // The second field is the program's name in brackets, and may itself hold blanks and brackets.
  const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
  const [state, parent] = fields;
  if (state === undefined || parent === undefined) return undefined;
  // utime, stime, and those of children that have ended and were waited for.
  const ticks = [11, 12, 13, 14].reduce((sum, at) => sum + Number(fields[at]), 0);
  return { pid, parent: Number(parent), state, ticks, startTime: fields[19] ?? '' };
}

/** @returns {Stat[]} the process and everything below it, as they are now */
export function descendants(pid) {
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (readStat(Number(name)) ?? []) : [],
  );
  const root = all.find((one) => one.pid === pid);
  const family = root === undefined ? [] : [root];
  for (const parent of family) family.push(...all.filter((one) => one.parent === parent.pid));
  return family;
}

/** Whether it is still the same process, and not just waiting to be buried. */
export function isAlive({ pid, startTime }) {
  const now = readStat(pid);
  return now !== undefined && now.startTime === startTime && now.state !== 'Z';
}

/** Seconds of processor time, user and system, of all threads of a process and its descendants so far. */
export function processorSeconds(pid) {
  return descendants(pid).reduce((sum, one) => sum + one.ticks, 0) / TICKS_PER_SECOND;
}

/** The most memory that a process and its descendants have had in use, in bytes, each at its own peak. */
export function peakMemory(pid) {
  return memoryOf(pid, /^VmHWM:\s+(\d+) kB/m);
}

/** The memory that a process and its descendants have in use now, in bytes. */
export function residentMemory(pid) {
  return memoryOf(pid, /^VmRSS:\s+(\d+) kB/m);
}

function memoryOf(pid, line) {
  return descendants(pid).reduce((sum, one) => {
    const status = readOrEmpty(`/proc/${one.pid}/status`);
    return sum + 1024 * Number(line.exec(status)?.[1] ?? 0);
  }, 0);
}

function readOrEmpty(path) {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}
