/**
 * `troupe run`: serves a config in the foreground until it is told to stop. What goes wrong later (a reload,
 * a hook) is said, and serving goes on.
 */
import { dirname, resolve } from 'node:path';
import type { DashboardOptions } from '../admin/http/dashboard.ts';
import { ParameterSet } from '../admin/parameters/parameter-set.ts';
import { settingsOf } from '../admin/parameters/settings-of.ts';
import { renderError } from '../config/report.ts';
import { createProxy } from '../create-proxy.ts';
import type { ConfigSource, ProxyOptions, TroupeProxy } from '../troupe-proxy.ts';
import { version } from '../version.ts';
import { type AccessLog, openAccessLog, STANDARD_OUTPUT } from './access-log.ts';
import { type CommandLineFlags, type CommandLinePlan, parseCommandLine } from './command-line-address.ts';
import { type DashboardFlags, parseDashboard } from './dashboard-address.ts';
import { formatAddress } from './format-address.ts';
import {
  DEFAULT_LISTEN_PORT,
  type ListenAddress,
  parseBackendAddress,
  parseListenAddress,
} from './listen-address.ts';
import { createLog } from './log.ts';
import { type OpenedCommandLine, openCommandLine } from './open-command-line.ts';
import { ineffectiveParameters, setParameter } from './parameters.ts';
import { singleBackendConfig } from './single-backend.ts';
import { parseStorages } from './storage.ts';

export interface RunOptions {
  readonly file: string | undefined;
  /** `-b`: HOST:PORT or the path of a unix socket. */
  readonly backend: string | undefined;
  /** `-a`, as typed; none: the default address. */
  readonly listen: readonly string[];
  /** `-p`, as typed. */
  readonly parameters: readonly string[];
  /** `-s`, each as typed; none: the default. */
  readonly storage: readonly string[];
  /** Files of vmods that VCL programs may import. */
  readonly vmods: readonly string[];
  /** `--access-log`: a file, or `-` for standard output; undefined: none. */
  readonly accessLog: string | undefined;
  readonly commandLine: CommandLineFlags;
  readonly dashboard: DashboardFlags;
  /** What to say of flags that have no effect. */
  readonly notes: readonly string[];
}

/** Where text for people goes. */
export interface RunOutput {
  out(text: string): void;
  err(text: string): void;
  /** Whether `err` goes to a terminal that shows colors. */
  readonly color: boolean;
}

const standardOutput: RunOutput = {
  out: (text) => process.stdout.write(`${text}\n`),
  err: (text) => process.stderr.write(`${text}\n`),
  color: process.stderr.isTTY === true,
};

interface Plan {
  readonly source: ConfigSource;
  /** What is served, for people. */
  readonly title: string;
  readonly listen: readonly ListenAddress[];
  readonly parameters: ParameterSet;
  /** Undefined: as many as by default. */
  readonly storages: ReadonlyMap<string, number> | undefined;
  readonly notes: readonly string[];
  /** undefined: none is wanted. */
  readonly dashboard: DashboardOptions | undefined;
  readonly commandLine: CommandLinePlan | undefined;
}

/** Reads the options; what is wrong with them comes back as sentences, all at once. */
function plan(options: RunOptions): Plan | readonly string[] {
  const problems: string[] = [];
  const parameters = new ParameterSet();
  for (const text of options.parameters) {
    const problem = setParameter(parameters, text);
    if (problem !== undefined) problems.push(problem);
  }
  const listen: ListenAddress[] = [];
  for (const text of options.listen.length === 0 ? [`:${DEFAULT_LISTEN_PORT}`] : options.listen) {
    const address = parseListenAddress(text);
    if (typeof address === 'string') problems.push(address);
    else listen.push(address);
  }
  const storage = parseStorages(options.storage);
  if (typeof storage === 'string') problems.push(storage);
  const { file, backend } = options;
  let dashboard: DashboardOptions | undefined;
  if (options.dashboard.address !== undefined) {
    const parsed = parseDashboard(options.dashboard, resolve(file === undefined ? '.' : dirname(file)));
    if (typeof parsed === 'string') problems.push(parsed);
    else dashboard = parsed;
  }
  const commandLine = parseCommandLine(options.commandLine);
  if (typeof commandLine === 'string') problems.push(commandLine);
  const settled = {
    parameters,
    storages: typeof storage === 'string' ? undefined : storage.bytes,
    notes: typeof storage === 'string' ? [] : storage.notes,
    dashboard,
    commandLine: typeof commandLine === 'string' ? undefined : commandLine,
  };
  if (file !== undefined && backend !== undefined) {
    problems.push('-f and -b exclude each other: a config names its own backends.');
  } else if (file !== undefined) {
    if (problems.length === 0) return { source: resolve(file), title: file, listen, ...settled };
  } else if (backend !== undefined) {
    const address = parseBackendAddress(backend);
    if (typeof address === 'string') problems.push(address);
    else if (problems.length === 0) {
      return {
        source: singleBackendConfig(address),
        title: `backend ${backend}`,
        listen,
        ...settled,
      };
    }
  } else {
    problems.push('There is nothing to serve: give a config with -f FILE, or one backend with -b HOST:PORT.');
  }
  return problems;
}

function proxyOptions(
  parameters: ParameterSet,
  storages: ReadonlyMap<string, number> | undefined,
  accessLog: AccessLog | undefined,
  vmods: readonly string[],
): ProxyOptions {
  const drainSeconds = parameters.numberIfSet('drain_timeout');
  const { fetch, cache, bans, requests, listener, vcl, cooldownMs } = settingsOf(parameters);
  const { ttl, grace, keep } = cache;
  return {
    log: createLog(accessLog),
    ...(drainSeconds === undefined ? {} : { drainTimeout: drainSeconds * 1_000 }),
    ...defined({ saintEntries: parameters.numberIfSet('saint_entries'), cooldown: cooldownMs }),
    cache: defined({
      size: storages && Object.fromEntries(storages),
      defaultTtl: ttl,
      defaultGrace: grace,
      defaultKeep: keep,
    }),
    bans: defined(bans),
    requests: defined(requests),
    listener: defined(listener),
    fetch: defined(fetch),
    vcl: { ...defined(vcl), vmods },
  };
}

/** Only what is given: absence means the default. */
function defined<Options extends object>(
  options: Options,
): { [Key in keyof Options]?: NonNullable<Options[Key]> } {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as never;
}

/**
 * Serves until a signal ends it.
 *
 * @returns the exit status: 0 after a signal, 1 if the config cannot be served, 2 for a wrong command line
 */
export async function run(options: RunOptions, given: RunOutput = standardOutput): Promise<number> {
  // Whoever reads lines of JSON there should find nothing else.
  const output = options.accessLog === STANDARD_OUTPUT ? { ...given, out: given.err } : given;
  const planned = plan(options);
  if (!('source' in planned)) {
    for (const problem of planned) output.err(problem);
    return 2;
  }
  for (const note of [...options.notes, ...planned.notes]) output.err(`note: ${note}`);
  const { source, title, listen, parameters, storages, dashboard, commandLine } = planned;
  for (const name of ineffectiveParameters(parameters))
    output.err(`note: -p ${name}: it has no effect in Troupe.`);
  let accessLog: AccessLog | undefined;
  try {
    accessLog = options.accessLog === undefined ? undefined : openAccessLog(options.accessLog, output.err);
  } catch (error) {
    output.err((error as Error).message);
    return 1;
  }
  if (accessLog !== undefined) process.on('SIGUSR2', accessLog.reopen);
  const proxy = createProxy(source, proxyOptions(parameters, storages, accessLog, options.vmods));
  const stopped = untilStopped();
  // Before anything is said: whoever waits for that may send a signal at once, and without this it kills.
  const stopReloading = reloadOnHangup(proxy, options.file, output);
  let commands: OpenedCommandLine | undefined;
  try {
    // Before the config is ready, so that /readyz can tell that it is not.
    const opened = dashboard === undefined ? undefined : await proxy.dashboard(dashboard);
    await proxy.ready;
    const addresses: string[] = [];
    for (const where of listen) {
      const address = await proxy.listen(where, where.name);
      addresses.push('path' in where ? where.path : `http://${formatAddress(address)}`);
    }
    output.out(`troupe ${version} (process ${process.pid}) serves ${title} on ${addresses.join(', ')}`);
    if (opened !== undefined) output.out(`dashboard on http://${formatAddress(opened.address)}`);
    if (commandLine !== undefined) {
      commands = await openCommandLine(proxy, commandLine, parameters);
      output.out(`commands on ${commands.title}`);
    }
  } catch (error) {
    output.err(renderError(error, { color: output.color }));
    commands?.close();
    await proxy.close();
    return 1;
  }
  const signal = await stopped;
  stopReloading();
  const seconds = parameters.number('drain_timeout');
  const closed = proxy.close();
  output.out(`${signal}: no new connections; requests in flight get ${seconds} s to end`);
  await closed;
  commands?.close();
  await accessLog?.close();
  output.out('stopped');
  return 0;
}

/** Resolves with the first SIGTERM or SIGINT; a second one ends the process without waiting for anything. */
function untilStopped(): Promise<string> {
  return new Promise((resolve) => {
    let stopping = false;
    for (const signal of ['SIGTERM', 'SIGINT'] as const) {
      process.on(signal, () => {
        if (stopping) process.exit(1);
        stopping = true;
        resolve(signal);
      });
    }
  });
}

/** Reloads one at a time; hangups that come meanwhile lead to one more reload. */
function reloadOnHangup(proxy: TroupeProxy, file: string | undefined, output: RunOutput): () => void {
  let reloading = false;
  let again = false;
  async function reload(path: string): Promise<void> {
    if (reloading) {
      again = true;
      return;
    }
    reloading = true;
    do {
      again = false;
      try {
        const name = await proxy.replace(resolve(path));
        output.out(`SIGHUP: serves ${path} as ${name}`);
      } catch (error) {
        output.err(renderError(error, { color: output.color }));
        output.err('SIGHUP: the config was not changed; the one loaded before keeps serving.');
      }
    } while (again);
    reloading = false;
  }
  const onHangup = () => {
    if (file === undefined) output.err('SIGHUP: there is no file to load again (-b was given).');
    else void reload(file);
  };
  process.on('SIGHUP', onHangup);
  return () => process.off('SIGHUP', onHangup);
}
