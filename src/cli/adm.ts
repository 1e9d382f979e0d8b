/**
 * `troupe adm`: sends commands to a running Troupe, or varnishd, and prints what it replies. Without a command it reads
 * them from standard input, a line each.
 */
import { readFileSync } from 'node:fs';
import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';
import { CommandClient, type Reply } from './command-client.ts';
import { parseListenAddress } from './listen-address.ts';
import { type Announced, announcedIn } from './work-folder.ts';

export interface AdmOptions {
  /** `-T`; undefined: as the directory says. */
  readonly address: string | undefined;
  /** `-S` */
  readonly secretFile: string | undefined;
  /** `-n` */
  readonly folder: string | undefined;
  /** One command in words; none: they are read from `input`. */
  readonly command: readonly string[];
  /** Default: standard input. */
  readonly input?: Readable;
}

export interface AdmOutput {
  out(text: string): void;
  err(text: string): void;
}

/** @returns the exit status: 0; 1 if a command was refused; 2 if there is no way to send one */
export async function runAdm(options: AdmOptions, output: AdmOutput): Promise<number> {
  let client: CommandClient;
  try {
    client = await open(options);
  } catch (error) {
    output.err(`troupe adm: ${(error as Error).message}\n`);
    return 2;
  }
  try {
    if (options.command.length > 0) {
      return tell(await client.send(options.command.map(quoted).join(' ')), output);
    }
    let status = 0;
    for await (const command of commandsIn(options.input ?? process.stdin)) {
      const reply = await client.send(command);
      status = Math.max(status, tell(reply, output));
      if (reply.status === CLOSED) break;
    }
    return status;
  } catch (error) {
    output.err(`troupe adm: ${(error as Error).message}\n`);
    return 2;
  } finally {
    client.close();
  }
}

/** A line each; or one that ends with `<< WORD`, and all lines up to that word. */
async function* commandsIn(input: Readable): AsyncGenerator<string> {
  let lines: string[] = [];
  let end: string | undefined;
  for await (const line of createInterface({ input })) {
    if (end === undefined && line.trim() === '') continue;
    lines.push(line);
    if (end === undefined) end = /\s<<\s+"?([^\s"]+)"?\s*$/.exec(line)?.[1];
    else if (line.endsWith(end)) end = undefined;
    if (end !== undefined) continue;
    yield lines.join('\n');
    lines = [];
  }
  if (lines.length > 0) throw new Error(`the text of the last command does not end with ${end}`);
}

const CLOSED = 500;
const fine: ReadonlySet<number> = new Set([200, 201]);

function tell({ status, text }: Reply, output: AdmOutput): number {
  const line = text === '' || text.endsWith('\n') ? text : `${text}\n`;
  if (fine.has(status) || status === CLOSED) {
    output.out(line);
    return 0;
  }
  output.err(`${line}Command failed with status ${status}\n`);
  return 1;
}

async function open({ address, secretFile, folder }: AdmOptions): Promise<CommandClient> {
  const { places, secret } = address === undefined ? announcedIn(folder) : typed(address);
  const file = secretFile ?? secret;
  let problem: unknown;
  for (const place of places) {
    try {
      return await CommandClient.open(place, () => {
        if (file === undefined) throw new Error('a secret is asked for: name its file with -S');
        return readFileSync(file);
      });
    } catch (error) {
      problem = error;
    }
  }
  throw problem;
}

function typed(address: string): Announced {
  const parsed = parseListenAddress(address);
  if (typeof parsed === 'string') throw new Error(parsed.replace(/^-a /, '-T '));
  if ('path' in parsed) throw new Error(`-T ${address}: write ADDR:PORT.`);
  const host = address.startsWith(':') || parsed.host === undefined ? 'localhost' : parsed.host;
  return { places: [{ host, port: parsed.port }], secret: undefined };
}

/** A word as the other side reads it. */
function quoted(word: string): string {
  if (/^[^\s"\\]+$/.test(word)) return word;
  const escaped = word.replace(/["\\\n\r\t]/g, (one) => escapes[one] ?? one);
  return `"${escaped}"`;
}

const escapes: Readonly<Record<string, string>> = {
  '"': '\\"',
  '\\': '\\\\',
  '\n': '\\n',
  '\r': '\\r',
  '\t': '\\t',
};
