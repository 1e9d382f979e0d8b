/** The machine that numbers were measured on, and what of it a benchmark may use. */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';

/**
 * What a reader must know to compare numbers.
 *
 * @returns {Record<string, string>}
 */
export function describeMachine() {
  const all = cpus();
  return {
    processor: `${all[0]?.model.trim() ?? 'unknown'}, ${all.length} cores`,
    memory: `${(totalmem() / 2 ** 30).toFixed(0)} GiB`,
    system: `Linux ${release()}`,
    node: process.version,
  };
}

/**
 * What a program says when asked.
 *
 * @param {string} command
 * @param {string} options as typed in a shell
 * @returns {string | undefined} undefined: it is not installed
 */
export function outputOf(command, options) {
  // Some print their version to standard error, and some call it a failure.
  const line = `command -v ${command} >/dev/null || exit 127; ${command} ${options} 2>&1 || true`;
  const { status, stdout } = spawnSync('sh', ['-c', line], { encoding: 'utf8' });
  return status === 0 ? stdout : undefined;
}

/** @returns {string | undefined} the first thing that looks like a version; undefined: it is not installed */
export function versionOf(command, options, pattern = /\d+(\.\d+)+/) {
  return pattern.exec(outputOf(command, options) ?? '')?.[0];
}

/**
 * One core for the proxy and another for the load and the origin.
 *
 * @returns {{ proxy: number | undefined, load: number | undefined }} undefined: any, for want of cores or taskset
 */
export function chooseCores() {
  const list = /^Cpus_allowed_list:\s*(\S+)/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1] ?? '';
  const allowed = list.split(',').flatMap((range) => {
    const [first = 0, last = first] = range.split('-').map(Number);
    return Array.from({ length: last - first + 1 }, (_, i) => first + i);
  });
  if (allowed.length < 2 || versionOf('taskset', '--version') === undefined) {
    return { proxy: undefined, load: undefined };
  }
  return { proxy: allowed[0], load: allowed[1] };
}
