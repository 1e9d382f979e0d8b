/**
 * What llhttp by itself makes of a stream of requests, with nothing lenient: an oracle that shares no code
 * with the listener but llhttp's own.
 */
import { startLlhttp } from '../../support/llhttp-wasm.ts';
import type { Understood } from './memory-connection.ts';

const PAUSED = 21;
const post = Buffer.from('POST ');

interface Message {
  target: string;
  version: string;
  /** Names and values, then those of the trailers. */
  lines: string[];
  headLines: number;
  body: string;
  isComplete: boolean;
}

let messages: Message[] = [];
let isInName = false;

function text(at: number, length: number): string {
  return Buffer.from(llhttp.memory.buffer, at, length).toString('latin1');
}

function last(): Message {
  return messages.at(-1) as Message;
}

const llhttp = startLlhttp({
  wasm_on_message_begin() {
    messages.push({ target: '', version: '', lines: [], headLines: 0, body: '', isComplete: false });
    isInName = false;
    return 0;
  },
  wasm_on_status: () => 0,
  wasm_on_url(_: number, at: number, length: number) {
    last().target += text(at, length);
    return 0;
  },
  wasm_on_header_field(_: number, at: number, length: number) {
    if (isInName) last().lines[last().lines.length - 1] += text(at, length);
    else last().lines.push(text(at, length));
    isInName = true;
    return 0;
  },
  wasm_on_header_value(_: number, at: number, length: number) {
    if (isInName) last().lines.push(text(at, length));
    else last().lines[last().lines.length - 1] += text(at, length);
    isInName = false;
    return 0;
  },
  wasm_on_headers_complete(parser: number) {
    last().version = `${llhttp.llhttp_get_http_major(parser)}.${llhttp.llhttp_get_http_minor(parser)}`;
    last().headLines = last().lines.length;
    return 0;
  },
  wasm_on_body(_: number, at: number, length: number) {
    last().body += text(at, length);
    return 0;
  },
  wasm_on_message_complete() {
    last().isComplete = true;
    return PAUSED;
  },
});

export type Verdict = Omit<Understood, 'method'>;

/**
 * What llhttp makes of as many requests as there are methods, up to the first that it refuses.
 *
 * @param methods as the listener understood them. llhttp knows some only and reads some of those in ways of
 *   its own, so it is shown POST in their place.
 */
export function strictVerdict(bytes: Buffer, methods: readonly string[]): Verdict[] {
  messages = [];
  const parser = llhttp.llhttp_alloc(1);
  const data = llhttp.malloc(post.length + bytes.length) + post.length;
  const memory = Buffer.from(llhttp.memory.buffer, data - post.length, post.length + bytes.length);
  memory.set(bytes, post.length);
  let at = 0;
  for (const method of methods) {
    while (bytes[at] === 0x0d || bytes[at] === 0x0a) at++;
    if (bytes.toString('latin1', at, at + method.length + 1) !== `${method} `) break;
    const target = at + method.length + 1;
    memory.set(post, target);
    llhttp.llhttp_reset(parser);
    const start = target - post.length;
    const code = llhttp.llhttp_execute(parser, data + start, bytes.length - start);
    if (code !== PAUSED) break;
    at = llhttp.llhttp_get_error_pos(parser) - data;
  }
  llhttp.free(data - post.length);
  llhttp.llhttp_free(parser);
  return messages
    .filter(({ version }) => version !== '')
    .map(({ target, version, lines, headLines, body, isComplete }) => ({
      target,
      version,
      fields: lines.slice(0, headLines).map(trimmedEnd),
      body: isComplete ? body : undefined,
      trailers: isComplete ? lines.slice(headLines).map(trimmedEnd) : [],
    }));
}

/** llhttp leaves the white space behind a value on it. */
function trimmedEnd(line: string): string {
  return line.replace(/[ \t]+$/, '');
}
