/**
 * The command line held against varnishd's, command by command: the same status, and the same text up to what
 * test/admin/cli/transcript.txt lists.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { ParameterSet } from '../../src/admin/parameters/parameter-set.ts';
import { CommandClient, type Reply } from '../../src/cli/command-client.ts';
import { announcedIn } from '../../src/cli/work-folder.ts';
import { createProxy } from '../../src/create-proxy.ts';
import { Origin } from '../support/origin.ts';
import { needVarnishd } from '../support/varnishd.ts';

const transcript = new URL('../admin/cli/transcript.txt', import.meta.url);

interface Line {
  readonly command: string;
  /** Why texts may differ; undefined: they may not. */
  readonly difference: string | undefined;
  /** Why the status is another one. */
  readonly refusal: string | undefined;
}

async function lines(): Promise<readonly Line[]> {
  const text = await readFile(transcript, 'utf8');
  return text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith('#'))
    .map((line) => {
      const [told = '', refusal] = line.split(' =! ');
      const [command = '', difference] = told.split(' = ');
      return { command, difference, refusal };
    });
}

/** What changes from moment to moment, and how far columns and JSON are indented. */
function settled({ status, text }: Reply): Reply {
  const shown = text
    .replace(/\b\d{10}\.\d+/g, 'TIME')
    .replace(/\b\w{3}, \d\d \w{3} \d{4} [\d:]{8} GMT/g, 'DATE')
    .replace(/PONG \d+/, 'PONG TIME')
    .replace(/,\s*"identity": "[^"]*"/g, '')
    .replace(/average response time of good probes: [\d.]+/i, 'AVERAGE')
    .replace(/\s+/g, ' ');
  return { status, text: shown };
}

async function writeConfigs(folder: string, port: number): Promise<void> {
  const closed = 'backend b1 { .host = "127.0.0.1"; .port = "9"; }';
  const write = (name: string, ...text: string[]) => writeFile(join(folder, name), `${text.join('\n')}\n`);
  await write(
    'boot.vcl',
    'vcl 4.1;',
    'import directors;',
    closed,
    'backend b2 { .host = "127.0.0.1"; .port = "10"; }',
    `backend probed { .host = "127.0.0.1"; .port = "${port}"; .probe = { .interval = 1h; } }`,
    'sub vcl_init { new rr = directors.round_robin(); rr.add_backend(b1); rr.add_backend(b2); }',
    'sub vcl_init {',
    '  new sh = directors.shard(); sh.set_warmup(0.25);',
    '  sh.add_backend(b1, "first"); sh.add_backend(b1, "second"); sh.add_backend(b2); sh.reconfigure();',
    '}',
    'sub vcl_recv { set req.backend_hint = rr.backend(); if (req.url == "/p") { set req.backend_hint = probed; } }',
  );
  await write('a.vcl', 'vcl 4.1;', '# one backend', closed);
  await write('wrong.vcl', 'vcl 4.1;', closed, 'sub vcl_recv { set req.nosuch = 1; }');
  await write('empty.vcl');
  await write('relative.vcl', 'vcl 4.1;', 'include "./part.vcl";');
  await write('part.vcl', closed);
  await write('includes-none.vcl', 'vcl 4.1;', 'include "nosuch.vcl";');
  await write('uses.vcl', 'vcl 4.1;', 'backend default none;', 'sub vcl_recv { return (vcl(l)); }');
  await write('usesnone.vcl', 'vcl 4.1;', 'backend default none;', 'sub vcl_recv { return (vcl(nosuch)); }');
}

async function openVarnishd(folder: string, secretFile: string) {
  const work = join(folder, 'work');
  const places = ['-n', work, '-a', '127.0.0.1:0', '-T', '127.0.0.1:0', '-S', secretFile];
  const child = spawn('varnishd', ['-F', '-j', 'none', ...places, '-f', join(folder, 'boot.vcl')], {
    env: { ...process.env, PATH: `${process.env['PATH']}:/usr/sbin:/usr/local/sbin` },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  await new Promise<void>((resolve, reject) => {
    const hear = (chunk: Buffer) => {
      said += chunk.toString();
      if (said.includes('said Child starts')) resolve();
    };
    child.stdout.on('data', hear);
    child.stderr.on('data', hear);
    child.once('exit', () => reject(new Error(said)));
  });
  const exited = once(child, 'exit');
  const stop = async () => {
    child.kill('SIGTERM');
    await exited;
  };
  return { place: announcedIn(work).places[0] ?? { host: '', port: 0 }, stop };
}

/** Until the first probe is counted. */
async function untilProbed(client: CommandClient): Promise<void> {
  for (;;) {
    const { text } = await client.send('backend.list probed');
    if (text.includes('3/8')) return;
    await setTimeout(20);
  }
}

test('replies as varnishd does, to what is right and what is wrong', {
  timeout: 120_000,
}, async (context) => {
  needVarnishd(context);
  const folder = await mkdtemp(join(tmpdir(), 'troupe-transcript-'));
  const origin = await Origin.start('probed');
  const secretFile = join(folder, 'secret');
  const secret = Buffer.from('a secret\n');
  await writeFile(secretFile, secret);
  await writeConfigs(folder, origin.port);
  const varnishd = await openVarnishd(folder, secretFile);
  const proxy = createProxy(join(folder, 'boot.vcl'));
  try {
    await proxy.listen({ host: '127.0.0.1', port: 0 });
    const { addresses } = await proxy.commandLine({
      where: [{ host: '127.0.0.1', port: 0 }],
      secretFile,
      parameters: new ParameterSet(),
    });
    const port = addresses[0]?.port ?? 0;
    const reference = await CommandClient.open(varnishd.place, () => secret);
    const client = await CommandClient.open({ host: '127.0.0.1', port }, () => secret);
    await untilProbed(reference);
    await untilProbed(client);
    const commands = await lines();
    expect(commands.length).toBeGreaterThan(150);
    const differing: string[] = [];
    for (const { command, difference, refusal } of commands) {
      const sent = command.replaceAll('FOLDER', folder).replaceAll('⏎', '\n');
      const wanted = settled(await reference.send(sent));
      const got = settled(await client.send(sent));
      const isSame = wanted.status === got.status && (difference !== undefined || wanted.text === got.text);
      if (isSame !== (refusal === undefined)) {
        const [v, t] = [wanted, got].map(({ status, text }) => `${status} ${text}`);
        differing.push(`${command}\n  varnishd: ${v}\n  troupe:   ${t}`);
      }
    }
    expect(differing.join('\n')).toBe('');
    reference.close();
    client.close();
  } finally {
    await proxy.close();
    await varnishd.stop();
    await origin.close();
    await rm(folder, { recursive: true });
  }
});
