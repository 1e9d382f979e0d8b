#!/usr/bin/env node
/** The command line: which command, with which options. What a command does stands in a file of its own. */
import './tune-engine.ts';
import { Command, CommanderError, Option } from 'commander';
import type { Format } from '../diagram/subject.ts';
import { version } from '../version.ts';
import { type CheckOutput, runCheck, runUpgrade } from './check.ts';
import { TOKEN_VARIABLE } from './dashboard-address.ts';
import { parameterNames } from './parameters.ts';
import { type ProveFlags, proveCommand } from './prove-options.ts';
import { type RunOptions, run } from './run.ts';

/** varnishd's flags that change nothing here; taken, so that its command lines work. */
const ignoredFlags: readonly (readonly [flags: string, why: string])[] = [
  ['-F', 'stays in the foreground; Troupe always does'],
  ['-j <jail>', 'jail; Troupe runs as whoever starts it'],
  ['-P <file>', 'PID file; not written'],
  ['-I <file>', 'commands to run at start; they are not run'],
  ['-i <identity>', "server's identity; not used"],
  ['-C', 'print C code; there is none'],
  ['-W <waiter>', 'how idle connections are waited for; node does that'],
  ['-x <what>', 'print documentation; not used'],
  ['-l <size>', 'shared memory log; there is none'],
  ['-r <params>', 'read-only parameters; not used'],
];

/** Flags of the fixed interface that come with later versions. */
const laterFlags: readonly (readonly [flags: string, why: string])[] = [
  ['--record <file>', 'record of all messages; not in this version'],
];

const VMOD_HELP = 'a module with a vmod of your own, which VCL files can import; may be repeated';

function collect(value: string, previous: string[] = []): string[] {
  return [...previous, value];
}

function createProgram(): Command {
  const program = new Command('troupe')
    .description('A programmable caching reverse proxy and load balancer.')
    .version(version)
    .exitOverride()
    .enablePositionalOptions()
    .showHelpAfterError('(troupe --help lists commands and options)');

  const runCommand = program
    .command('run')
    .description('serve a config until SIGTERM or SIGINT; SIGHUP loads the file again')
    .option('-f <file>', 'config to load: a VCL file, or a TypeScript or JavaScript module')
    .option('-b <host:port>', 'one backend instead of a config; a path means a unix socket')
    .option('-a <address>', 'listen on [NAME=]ADDR:PORT[,HTTP]; may be repeated (default: :8080)', collect)
    .option(
      '-p <parameter>',
      `set NAME=VALUE; may be repeated. Names: ${parameterNames.join(', ')}`,
      collect,
    );
  runCommand
    .option(
      '-s <storage>',
      'a storage of the cache: [NAME=]malloc,SIZE, as in malloc,256m; may be repeated (default: malloc,100m; malloc,0: no cache)',
      collect,
    )
    .option('-t <seconds>', 'the same as -p default_ttl=SECONDS');
  runCommand
    .option('-T <address:port>', 'listen there for commands, as varnishadm and troupe adm send them')
    .option('-S <file>', 'secret that whoever sends commands must know (default: one is generated)')
    .option('-n <name>', 'directory in which varnishadm finds that; a name is below /var/lib/varnish')
    // varnishd's -h is a kind of hash, so that a command line of its may have one.
    .helpOption('--help', 'show this; -h, too')
    .addOption(new Option('-h [hash]', 'kind of hash; there is one').hideHelp());
  runCommand.option('--vmod <file>', VMOD_HELP, collect);
  runCommand.option(
    '--access-log <file>',
    'write a JSON line for each request to FILE; - means standard output, and what is for people goes to standard error',
  );
  runCommand
    .option(
      '--dashboard <address:port>',
      'serve the HTTP API, events and metrics there; :PORT means loopback',
    )
    .option(
      '--dashboard-token <file>',
      `what callers must show, as Authorization: Bearer TOKEN; needed beyond loopback (or set ${TOKEN_VARIABLE})`,
    )
    .option(
      '--dashboard-host <name>',
      'name under which the dashboard may be asked, besides addresses and localhost; may be repeated',
      collect,
    );
  for (const [flags, why] of [...laterFlags, ...ignoredFlags]) {
    runCommand.addOption(new Option(flags, `${why} (no effect)`));
  }
  runCommand
    .addHelpText(
      'after',
      `
Signals:
  SIGHUP             load the file of -f again, use it, discard the old one; on an error keep serving the old
  SIGUSR2            open the file of --access-log again, after it was moved away
  SIGTERM, SIGINT    stop listening, let requests end within drain_timeout (30 s), exit with 0

Examples:
  troupe run -f my.config.ts -a 127.0.0.1:8080
  troupe run -b 127.0.0.1:8081 -a 127.0.0.1:8080
  troupe run -f my.config.ts -a http=:8080 -a admin=127.0.0.1:8081 -p drain_timeout=10`,
    )
    .action(async (options: RunFlags) => {
      if (options.h === true) runCommand.help();
      process.exitCode = await run(runOptions(options));
    });

  program
    .command('adm')
    .description(
      'send commands to a running Troupe, as varnishadm does; without one, they come from standard input',
    )
    .argument('[command...]', 'the command and its arguments; `help` lists them')
    .option('-T <address:port>', 'where it takes commands (default: as the directory of -n says)')
    .option('-S <file>', 'the secret that it asks for')
    .option('-n <name>', 'its directory; a name is below /var/lib/varnish')
    .passThroughOptions()
    .action(async (command: string[], { T, S, n }: { T?: string; S?: string; n?: string }) => {
      const { runAdm } = await import('./adm.ts');
      process.exitCode = await runAdm({ address: T, secretFile: S, folder: n, command }, standardOutput);
    });

  program
    .command('check')
    .description('say whether a config is valid: exit 0, or 1 with file:line:column, the line and a caret')
    .argument('<file>', 'a VCL file, or a TypeScript or JavaScript module')
    .option('--upgrade', 'print a VCL file of Varnish 3 or of VCL 4.0 as the same program in VCL 4.1')
    .option('--vmod <file>', VMOD_HELP, collect)
    .action(async (file: string, { upgrade, vmod = [] }: { upgrade?: boolean; vmod?: string[] }) => {
      process.exitCode = await (upgrade === true ? runUpgrade : runCheck)(file, standardOutput, vmod);
    });

  program
    .command('prove')
    .description(
      "property-test a config's failover in simulated time: exit 0 if nothing was found, 1 if something was",
    )
    .argument('[file]', 'a VCL file, or a TypeScript or JavaScript module')
    .option('--runs <number>', 'worlds to try (default: 300)')
    .option('--seed <number>', 'where chance begins: the same finds the same (default: 1)')
    .option('--time-limit <seconds>', 'stop the search after that much time')
    .option('--replay <story>', 'run a story again that was written before, with its config or FILE')
    .option(
      '--save <story>',
      'where to write the story of what is found (default: FILE.story.json, in this folder)',
    )
    .option(
      '--invariants <module>',
      'your own invariants; may be repeated (NAME.prove.ts beside the config is taken anyway)',
      collect,
    )
    .action(async (file: string | undefined, flags: ProveFlags) => {
      const command = proveCommand(file, flags);
      if (typeof command === 'string') {
        standardOutput.err(`${command}\n`);
        process.exitCode = 2;
        return;
      }
      // It brings fast-check and all machines along, which no other command waits for.
      const { runProve } = await import('./prove.ts');
      // A config may talk while it is loaded, here once for each run.
      console.log = () => {};
      console.info = () => {};
      const columns = process.stderr.isTTY === true ? process.stderr.columns : undefined;
      process.exitCode = await runProve(command, { ...standardOutput, columns });
    });

  program
    .command('diagram')
    .description("draw a config, a module's XState machines, or the machines that Troupe is made of")
    .argument('[chart...]', 'names of charts; all of them, if there are none')
    .option('-f <file>', 'a config, or a module that exports XState machines')
    .option('--out <dir>', 'folder to write to; without it, a single chart goes to standard output')
    .addOption(
      new Option('--format <format>', 'default: svg, and with --out mermaid too').choices([
        'svg',
        'mermaid',
        'json',
        'scxml',
      ]),
    )
    .action(async (only: string[], options: DiagramFlags) => {
      // It brings ELK and all machines along, which no other command waits for.
      const { runDiagram } = await import('./diagram.ts');
      const { f: file, out, format } = options;
      // What a config says while it is loaded is not part of the drawing.
      console.log = console.error;
      console.info = console.error;
      process.exitCode = await runDiagram({ file, out, format, only }, standardOutput);
    });
  return program;
}

interface DiagramFlags {
  readonly f?: string;
  readonly out?: string;
  readonly format?: Format;
}

const standardOutput: CheckOutput = {
  out: (text) => process.stdout.write(text),
  err: (text) => process.stderr.write(text),
  color: process.stderr.isTTY === true,
};

/** commander's names for the flags of `run`; those that are not listed have no effect. */
interface RunFlags {
  readonly f?: string;
  readonly b?: string;
  readonly a?: string[];
  readonly p?: string[];
  readonly s?: string[];
  readonly t?: string;
  readonly T?: string;
  readonly S?: string;
  readonly n?: string;
  readonly h?: string | true;
  readonly vmod?: string[];
  readonly accessLog?: string;
  readonly dashboard?: string;
  readonly dashboardToken?: string;
  readonly dashboardHost?: string[];
  readonly [other: string]: unknown;
}

function runOptions(options: RunFlags): RunOptions {
  const ignored = [...laterFlags, ...ignoredFlags].filter(([flags]) => {
    const key = flags.replace(/ .*/, '').replace(/^-+/, '');
    return options[key] !== undefined;
  });
  return {
    file: options.f,
    backend: options.b,
    listen: options.a ?? [],
    parameters: [...(options.t === undefined ? [] : [`default_ttl=${options.t}`]), ...(options.p ?? [])],
    storage: options.s ?? [],
    vmods: options.vmod ?? [],
    commandLine: { address: options.T, secretFile: options.S, folder: options.n },
    accessLog: options.accessLog,
    dashboard: {
      address: options.dashboard,
      tokenFile: options.dashboardToken,
      hosts: options.dashboardHost ?? [],
      tokenVariable: process.env[TOKEN_VARIABLE],
    },
    notes: [
      ...ignored.map(([flags, why]) => `${flags.replace(/ .*/, '')}: ${why}.`),
      ...(options.h === undefined ? [] : ['-h: kind of hash; there is one.']),
    ],
  };
}

/** Ends the process: a config may have opened something that would keep it alive. */
async function exit(code: number): Promise<never> {
  for (const stream of [process.stdout, process.stderr]) {
    await new Promise<void>((resolve) => stream.write('', () => resolve()));
  }
  process.exit(code);
}

async function main(): Promise<number> {
  try {
    await createProgram().parseAsync();
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    // commander has said it already; varnishd, too, exits with 2 on a wrong command line.
    return error.exitCode === 0 ? 0 : 2;
  }
}

// Whoever reads what is said may stop reading (`troupe run | head`); that must not end what is served.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => {});

await exit(await main());
