/**
 * npm run bench -- [pass] [large] [hit] [zipf] [miss] [memory] [control] [picks] [saint] [vcl] [peer] [dashboard] [commands] [options]
 *
 * pass     1 KB bodies through Troupe and its peers; what is run if nothing is named
 * large    100 MB bodies through Troupe and those peers
 * hit      1 KB objects from the cache of Troupe and of others: one hot object
 * zipf     the same over 100,000 objects, whose popularity falls with their rank
 * miss     what a miss costs Troupe, and a pass
 * memory   bytes that an object of 1 KB takes, in Troupe's cache and in varnishd's, and whether a heap grows
 * control  switching among 1,000 backends, and what a health change costs
 * picks    what one pick of a director costs
 * peer     what repeating requests to a peer costs them, and operations a second against curl
 * commands   what hostile clients on the port of the command line cost a request
 * dashboard  what an open dashboard costs a request, and one that is watched
 * prove    the simulated world: messages a second, and 1,000 backends for an hour
 * vcl      loading a VCL program with 1,000 backends, and what a recv and a deliver of 20 statements cost a request
 * saint    a million saint entries, and pass-through with 100,000 of them against none
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runCommands } from './commands/suite.mjs';
import { runControl, runPicks } from './control/suites.mjs';
import { runDashboard } from './dashboard/suite.mjs';
import { compareHits } from './hit/hits.mjs';
import { runMemory } from './hit/memory.mjs';
import { comparePassThrough } from './pass/pass-through.mjs';
import { reportPassThrough } from './pass/report.mjs';
import { runPeer } from './peer/suite.mjs';
import { runProveBench } from './prove/suite.mjs';
import { runSaint } from './saint/suite.mjs';
import { Processes } from './support/processes.mjs';
import { runVcl } from './vcl/suite.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** Shows that everything works, in a few seconds; the numbers mean nothing. If nothing is named: all but large. */
    short: { type: 'boolean', default: false },
    /** Names of peers, or parts of them, with commas. */
    only: { type: 'string' },
    seconds: { type: 'string' },
    'warm-up': { type: 'string' },
    rounds: { type: 'string' },
    /** Waits for other programs to be idle, and repeats runs that they disturbed; for shared machines. */
    quiet: { type: 'boolean', default: false },
    clients: { type: 'string' },
    /** Hits of one hot object only: each request has a field that none before had. */
    varied: { type: 'boolean', default: false },
    /** Bytes of an answer's body. */
    body: { type: 'string' },
    /** Where all single results go. */
    json: { type: 'string' },
  },
});
const say = (line) => console.error(line);
const number = (text, otherwise) => (text === undefined ? otherwise : Number(text));

const suites = {
  pass: () => passThrough({ bodyBytes: 1024, clients: 32, seconds: 8, rounds: 5 }),
  large: () => passThrough({ bodyBytes: 100 * 2 ** 20, clients: 4, seconds: 8, rounds: 3 }),
  hit: () => hits({ bodyBytes: 1024, clients: 32, seconds: 6, rounds: 5 }, 'hot'),
  zipf: () => hits({ bodyBytes: 1024, clients: 32, seconds: 6, rounds: 3 }, 'zipf'),
  miss: () => hits({ bodyBytes: 1024, clients: 32, seconds: 6, rounds: 5 }, 'miss'),
  memory: () => withProcesses((processes) => runMemory(processes, { short: options.short, say })),
  control: () => runControl(options.short),
  picks: () => runPicks(options.short),
  prove: () => runProveBench(options.short),
  vcl: () => runVcl(options.short),
  saint: () => withProcesses(saint),
  peer: () => withProcesses(peer),
  dashboard: () => withProcesses(dashboard),
  commands: () => withProcesses(commands),
};

function effort(defaults) {
  const { short } = options;
  return {
    seconds: short ? 1 : number(options.seconds, defaults.seconds),
    warmUpSeconds: short ? 0 : number(options['warm-up'], 3),
    rounds: short ? 1 : number(options.rounds, defaults.rounds),
    quiet: options.quiet,
    only: options.only?.toLowerCase().split(','),
    say,
  };
}

function peer(processes) {
  return runPeer(processes, { short: options.short, ...effort({ seconds: 6, rounds: 5 }) });
}

function dashboard(processes) {
  return runDashboard(processes, effort({ seconds: 6, rounds: 5 }));
}

function commands(processes) {
  return runCommands(processes, effort({ seconds: 6, rounds: 5 }));
}

function saint(processes) {
  return runSaint(processes, { short: options.short, ...effort({ seconds: 6, rounds: 5 }) });
}

function passThrough(defaults) {
  return withProcesses(async (processes) => {
    const comparison = await comparePassThrough(processes, {
      bodyBytes: number(options.body, defaults.bodyBytes),
      clients: number(options.clients, defaults.clients),
      ...effort(defaults),
    });
    const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
    return { result: comparison, text: reportPassThrough(comparison, command) };
  });
}

function hits(defaults, kind) {
  return withProcesses(async (processes) => {
    const comparison = await compareHits(processes, {
      bodyBytes: number(options.body, defaults.bodyBytes),
      clients: number(options.clients, defaults.clients),
      kind,
      varied: options.varied,
      ...effort(defaults),
    });
    const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
    return { result: comparison, text: reportPassThrough(comparison, command) };
  });
}

/** What it starts ends with it, whatever happens. */
async function withProcesses(work) {
  const processes = new Processes();
  const interrupt = () => processes.stopAll();
  process.once('SIGINT', interrupt).once('SIGTERM', interrupt);
  try {
    return await work(processes);
  } finally {
    process.off('SIGINT', interrupt).off('SIGTERM', interrupt);
    await processes.stopAll();
  }
}

const byDefault =
  options.short && options.only === undefined
    ? ['pass', 'control', 'picks', 'prove', 'peer', 'dashboard']
    : ['pass'];
const named = positionals.length > 0 ? positionals : byDefault;
const unknown = named.filter((name) => suites[name] === undefined);
if (unknown.length > 0) {
  console.error(`There is no benchmark "${unknown[0]}"; there are ${Object.keys(suites).join(', ')}.`);
  process.exit(2);
}
const results = {};
try {
  for (const name of named) {
    const { result, text } = await suites[name]();
    results[name] = result;
    console.log(`${text}\n`);
  }
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(results, undefined, 2)}\n`);
