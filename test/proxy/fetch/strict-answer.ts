/**
 * What llhttp by itself makes of the bytes on a connection to a backend, with nothing lenient: an oracle that
 * shares no code with the transport but llhttp's own.
 */
import { startLlhttp } from '../../support/llhttp-wasm.ts';

export interface StrictAnswer {
  status: number;
  /** Names and values. */
  fields: string[];
  body: string;
  trailers: string[];
  isComplete: boolean;
}

const PAUSED = 21;
const RESPONSE = 2;

let answer: StrictAnswer;
let isInName = false;
let isHeadOver = false;
let hasNoBody = false;

const text = (at: number, length: number): string =>
  Buffer.from(llhttp.memory.buffer, at, length).toString('latin1');

function add(at: number, length: number, isName: boolean): number {
  const lines = isHeadOver ? answer.trailers : answer.fields;
  if (isInName === isName) lines[lines.length - 1] += text(at, length);
  else lines.push(text(at, length));
  isInName = isName;
  return 0;
}

const llhttp = startLlhttp({
  wasm_on_message_begin: () => 0,
  wasm_on_status: () => 0,
  wasm_on_url: () => 0,
  wasm_on_header_field: (_: number, at: number, length: number) => add(at, length, true),
  wasm_on_header_value: (_: number, at: number, length: number) => add(at, length, false),
  wasm_on_headers_complete(parser: number) {
    answer.status = llhttp.llhttp_get_status_code(parser);
    isHeadOver = true;
    return hasNoBody ? 1 : 0;
  },
  wasm_on_body(_: number, at: number, length: number) {
    answer.body += text(at, length);
    return 0;
  },
  wasm_on_message_complete() {
    answer.isComplete = true;
    return PAUSED;
  },
});

/** The first answer that is not interim, as far as llhttp follows; undefined if it refuses the head. */
export function strictAnswer(bytes: Buffer, method: string): StrictAnswer | undefined {
  const parser = llhttp.llhttp_alloc(RESPONSE);
  const data = llhttp.malloc(bytes.length);
  Buffer.from(llhttp.memory.buffer, data, bytes.length).set(bytes);
  hasNoBody = method === 'HEAD';
  let at = 0;
  do {
    answer = { status: 0, fields: [], body: '', trailers: [], isComplete: false };
    isInName = false;
    isHeadOver = false;
    llhttp.llhttp_reset(parser);
    const code = llhttp.llhttp_execute(parser, data + at, bytes.length - at);
    if (code === 0) {
      llhttp.llhttp_finish(parser);
      break;
    }
    if (code !== PAUSED) break;
    at = llhttp.llhttp_get_error_pos(parser) - data;
  } while (answer.status < 200 && answer.status !== 101);
  llhttp.free(data);
  llhttp.llhttp_free(parser);
  const trim = (line: string): string => line.replace(/[ \t]+$/, '');
  return isHeadOver
    ? { ...answer, fields: answer.fields.map(trim), trailers: answer.trailers.map(trim) }
    : undefined;
}
