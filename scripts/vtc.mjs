/**
 * Runs Varnish's own test cases (test/vtc/listed.txt) against the built command line.
 *
 *   npm run vtc [-- --short] [GROUP or CASE ...]
 *
 * It needs Debian's varnish, the runner ../shared/vtc/vtc-run (or VTC_RUN), and Varnish's sources: VTC_SRC or VTC_GIT as
 * the runner has them. Exit status: 0 if all pass that are not known to fail, 1 if not, 2 if something is missing.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const runner = resolve(process.env['VTC_RUN'] ?? join(root, '../shared/vtc/vtc-run'));

/** Every so many cases of the short form. */
const SHORT_STEP = 6;

function lines(file) {
  const text = readFileSync(join(root, 'test/vtc', file), 'utf8');
  return text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
}

function listed() {
  let group = '';
  const cases = [];
  for (const line of lines('listed.txt')) {
    const heading = /^\[(.*)\]$/.exec(line);
    if (heading === null) cases.push({ group, name: line });
    else group = heading[1];
  }
  return cases;
}

function missing() {
  if (!existsSync(runner)) return `there is no runner at ${runner}; set VTC_RUN`;
  if (!process.env['VTC_SRC'] && !process.env['VTC_GIT']) {
    return "Varnish's sources are needed: set VTC_SRC or VTC_GIT";
  }
  if (spawnSync('varnishtest', ['-V']).error) return 'varnishtest is not installed (Debian: varnish)';
  return undefined;
}

const reason = missing();
if (reason !== undefined) {
  console.error(`vtc: ${reason}.`);
  process.exit(2);
}

const args = process.argv.slice(2);
const isShort = args.includes('--short');
const wanted = args.filter((arg) => !arg.startsWith('--'));
const known = new Map(
  lines('known-failures.txt').map((line) => {
    const [name, ...why] = line.split(': ');
    return [name, why.join(': ')];
  }),
);
const chosen = listed().filter(({ group, name }, at) => {
  if (wanted.length > 0) return wanted.includes(group) || wanted.includes(name);
  return !isShort || at % SHORT_STEP === 0;
});

const work = mkdtempSync(join(tmpdir(), 'troupe-vtc-'));
const results = join(work, 'results.json');
spawnSync(
  runner,
  [
    ...['--sut', `${process.execPath} ${join(root, 'dist/cli/main.js')} run`, '--work', join(work, 'cases')],
    ...['--jobs', String(availableParallelism()), '--json', results],
    ...chosen.flatMap(({ name }) => ['--only', name]),
  ],
  { stdio: 'inherit' },
);
const ran = new Map(JSON.parse(readFileSync(results, 'utf8')).map((one) => [one.name, one]));
const failed = chosen.filter(({ name }) => ran.get(name)?.result !== 'pass');
const unexpected = failed.filter(({ name }) => !known.has(name));
const passing = chosen.filter(({ name }) => known.has(name) && ran.get(name)?.result === 'pass');
for (const { name } of failed) if (known.has(name)) console.log(`known: ${name}: ${known.get(name)}`);
for (const { name } of passing) console.log(`${name} passes: take it out of test/vtc/known-failures.txt`);
for (const { name } of unexpected) console.log(`${name} fails: see ${join(work, 'cases', name)}`);
const passed = chosen.length - failed.length;
console.log(`${passed} of ${chosen.length} pass; ${failed.length - unexpected.length} are known to fail`);
if (unexpected.length + passing.length > 0) process.exit(1);
rmSync(work, { recursive: true });
