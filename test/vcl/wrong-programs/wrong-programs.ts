/** Wrong programs of this folder (see README.md), what varnishd says of each, and what Troupe does. */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { runCheck } from '../../../src/cli/check.ts';

export interface WrongProgram {
  readonly title: string;
  /** By their names; the first is the program, and includes the others. */
  readonly files: ReadonlyMap<string, string>;
}

/** A line of a file, from 1. */
export interface Verdict {
  readonly file: string;
  readonly line: number;
  readonly message: string;
}

const folder = import.meta.dirname;
const frame = 'vcl 4.1; import std; import directors; backend b0 { .host = "127.0.0.1"; }\n';

export async function readWrongPrograms(): Promise<WrongProgram[]> {
  const programs: WrongProgram[] = [];
  for (const name of (await readdir(folder)).sort()) {
    if (!name.endsWith('.txt') || name === 'reports.txt') continue;
    const text = await readFile(join(folder, name), 'latin1');
    for (const part of text.split(/^=== /m).slice(1)) programs.push(programOf(part));
  }
  return programs;
}

function programOf(part: string): WrongProgram {
  const newline = part.indexOf('\n');
  const title = part.slice(0, newline);
  const [main = '', ...others] = part.slice(newline + 1).split(/^--- /m);
  const isWhole = title.startsWith('bare: ') || main.startsWith('vcl ');
  const files = new Map([['main.vcl', isWhole ? main : frame + main]]);
  for (const other of others) {
    const end = other.indexOf('\n');
    files.set(other.slice(0, end), other.slice(end + 1));
  }
  return { title, files };
}

/** Writes a program into a folder of its own for as long as something is done with it. */
async function withProgram<Result>(
  { files }: WrongProgram,
  use: (folder: string) => Promise<Result>,
): Promise<Result> {
  const place = await mkdtemp(join(tmpdir(), 'troupe-wrong-'));
  try {
    await mkdir(join(place, 'work'));
    for (const [name, text] of files) await writeFile(join(place, name), text, 'latin1');
    return await use(place);
  } finally {
    await rm(place, { recursive: true, force: true });
  }
}

/** What varnishd says of a program; undefined: that it is right. */
export function askVarnishd(program: WrongProgram): Promise<Verdict | undefined> {
  return withProgram(program, async (place) => {
    const said = await compileOutput(place);
    if (said === undefined) return undefined;
    const lines = said.split('\n');
    const start = lines.findIndex((line) => line.startsWith('Message from VCC-compiler:')) + 1;
    const end = lines.findIndex((line) => line.startsWith('Running VCC-compiler failed'));
    const told = lines.slice(start, end < 0 ? undefined : end);
    const at = told
      .map((line) => /^(?:At: ?|'.*' at )?\('(.*?)' Line (\d+) Pos (\d+)\)/.exec(line))
      .find((match) => match !== null);
    const message = told.find(
      (line) => line !== '' && !/^(?:At: ?)?\(|^[ \t]|^[-#]+$/.test(line) && !isSource(line, program),
    );
    return {
      file: (at?.[1] ?? '').replace(/^.*\//, ''),
      line: Number(at?.[2] ?? 0),
      message: (message ?? '').replaceAll(place, '').trim(),
    };
  });
}

function isSource(line: string, { files }: WrongProgram): boolean {
  return [...files.values()].some((text) => text.split('\n').includes(line));
}

/** All that it says; undefined: it compiles. */
function compileOutput(place: string): Promise<string | undefined> {
  const { PATH = '' } = process.env;
  const env = { ...process.env, PATH: [PATH, '/usr/sbin', '/usr/local/sbin'].join(delimiter) };
  const args = [
    '-j',
    'none',
    '-C',
    '-p',
    'vcc_allow_inline_c=off',
    '-f',
    join(place, 'main.vcl'),
    '-n',
    join(place, 'work'),
  ];
  return new Promise((resolve) => {
    execFile('varnishd', args, { env, encoding: 'latin1' }, (error, out, err) => {
      resolve(error === null ? undefined : out + err);
    });
  });
}

/** What Troupe says of a program, first mistake first, and as `check` prints it; undefined: that it is right. */
export function askTroupe(
  program: WrongProgram,
): Promise<{ readonly verdict: Verdict; readonly report: string } | undefined> {
  return withProgram(program, async (place) => {
    let report = '';
    const err = (text: string) => {
      report += text.replaceAll(`${place}/`, '');
    };
    const status = await runCheck(join(place, 'main.vcl'), { out: () => {}, err, color: false });
    if (status === 0) return undefined;
    const at = /^([^\s:]+):(\d+):\d+: (.*)/.exec(report);
    const verdict = { file: at?.[1] ?? '', line: Number(at?.[2] ?? 0), message: at?.[3] ?? report };
    return { verdict, report };
  });
}
