/**
 * npm run bench -- [pass|large|control|picks] [options]
 *
 * pass     1 KB bodies through Troupe and its peers (the default)
 * large    100 MB bodies through Troupe and those peers
 * control  switching among 1,000 backends, and what a health change costs
 * picks    what one pick of a director costs
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { runControl, runPicks } from './control/suites.mjs';
import { comparePassThrough } from './pass/pass-through.mjs';
import { reportPassThrough } from './pass/report.mjs';
import { Processes } from './support/processes.mjs';

const { values: options, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** A few seconds in all: shows that everything works; the numbers mean nothing. */
    short: { type: 'boolean', default: false },
    /** Names of peers, or parts of them, with commas. */
    only: { type: 'string' },
    seconds: { type: 'string' },
    'warm-up': { type: 'string' },
    rounds: { type: 'string' },
    clients: { type: 'string' },
    /** Bytes of an answer's body. */
    body: { type: 'string' },
    /** Where all single results go. */
    json: { type: 'string' },
  },
});
const [what = 'pass'] = positionals;
const say = (line) => console.error(line);
const number = (text, otherwise) => (text === undefined ? otherwise : Number(text));

const suites = {
  pass: () => passThrough({ bodyBytes: 1024, clients: 32, seconds: 8, rounds: 5 }),
  large: () => passThrough({ bodyBytes: 100 * 2 ** 20, clients: 4, seconds: 8, rounds: 3 }),
  control: () => runControl(options.short),
  picks: () => runPicks(options.short),
};

async function passThrough(defaults) {
  const processes = new Processes();
  const interrupted = async (signal) => {
    await processes.stopAll();
    process.exit(signal === 'SIGINT' ? 130 : 143);
  };
  process.once('SIGINT', interrupted).once('SIGTERM', interrupted);
  try {
    const { short } = options;
    const comparison = await comparePassThrough(processes, {
      bodyBytes: number(options.body, defaults.bodyBytes),
      clients: number(options.clients, defaults.clients),
      seconds: short ? 1 : number(options.seconds, defaults.seconds),
      warmUpSeconds: short ? 0 : number(options['warm-up'], 3),
      rounds: short ? 1 : number(options.rounds, defaults.rounds),
      only: options.only?.toLowerCase().split(','),
      say,
    });
    const command = ['npm run bench --', ...process.argv.slice(2)].join(' ');
    return { result: comparison, text: reportPassThrough(comparison, command) };
  } finally {
    await processes.stopAll();
  }
}

const suite = suites[what];
if (suite === undefined) {
  console.error(`There is no benchmark "${what}"; there are ${Object.keys(suites).join(', ')}.`);
  process.exit(2);
}
try {
  const { result, text } = await suite();
  console.log(text);
  if (options.json !== undefined) writeFileSync(options.json, `${JSON.stringify(result, undefined, 2)}\n`);
} catch (error) {
  console.error(error.message);
  process.exitCode = 1;
}
