// Does what the README's start command does, as a newcomer would, and asks the running proxy for an answer.
import { spawn } from 'node:child_process';
import { once } from 'node:events';

const LIMIT_MS = 60_000;

const child = spawn('npm', ['start'], { stdio: ['ignore', 'pipe', 'inherit'], detached: true });
const giveUp = setTimeout(() => fail(`no answer within ${LIMIT_MS} ms`), LIMIT_MS);
let output = '';
child.stdout.setEncoding('utf8');
child.on('exit', (code) => fail(`npm start ended by itself, with ${code}`));

function fail(why) {
  console.error(`smoke: ${why}\n${output}`);
  stop('SIGKILL');
  process.exit(1);
}

/** npm, the shell and node are one process group, which this script started. */
function stop(signal) {
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has gone already.
  }
}

const serving = /process (\d+)\) serves .* on (http:\/\/\S+)/;
const [, pid, address] = await new Promise((resolve) => {
  child.stdout.on('data', (text) => {
    output += text;
    const match = serving.exec(output);
    if (match !== null) resolve(match);
  });
});
for (const path of ['/hello', '/broken', '/broken', '/broken', '/broken']) {
  const response = await fetch(address + path);
  const body = await response.text();
  if (response.status !== 200) fail(`${path}: ${response.status} ${body}`);
  console.log(`${path}: ${response.status} ${body.trim()} (${response.headers.get('x-config')})`);
}
child.removeAllListeners('exit');
const exited = once(child, 'exit');
process.kill(Number(pid), 'SIGTERM');
const [code] = await exited;
clearTimeout(giveUp);
if (code !== 0) fail(`SIGTERM ended it with ${code}, not 0`);
console.log('smoke: served, and stopped with 0');
