/**
 * llhttp, Node's own HTTP parser, in the WASM build that undici carries and that nobody exports: hence the
 * pinned version of undici and test/proxy/http1/llhttp.test.ts. One instance serves all connections, each
 * with a parser of its own in it (some 100 bytes) and all with one input buffer.
 *
 * llhttp knows a fixed list of methods, and treats some of them in ways of their own. Methods are any token
 * here (RFC 9110 section 9.1; people send BAN to caches), so a caller reads the method itself and llhttp is
 * shown POST in its place; only CONNECT is shown as it is, because its target has a form of its own.
 */
import { createRequire } from 'node:module';
import constants from 'undici/lib/llhttp/constants.js';

/** What TypeScript's library for Node leaves out. */
declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface LlhttpExports {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(bytes: number): number;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_reset(parser: number): void;
  llhttp_resume(parser: number): void;
  llhttp_execute(parser: number, data: number, bytes: number): number;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_error_reason(parser: number): number;
}

/**
 * Called while a parser runs: offsets are counted in the range given to `run`, and pieces of one element can
 * come in several calls when the input does. Returns 0 to go on, STOP to give up. May not touch any parser.
 */
export interface ParserEvents {
  onTarget(start: number, end: number): number;
  onFieldName(start: number, end: number): number;
  onBody(start: number, end: number): number;
}

/** Outcomes of `run`. All input was taken and more is wanted. */
export const MORE = 0;
/** The head, or after it the message, has ended; `consumed` says where. */
export const PAUSED = constants.ERROR['PAUSED'] as number;
/** An event's handler gave up. */
export const STOP = constants.ERROR['USER'] as number;
export const INVALID_VERSION = constants.ERROR['INVALID_VERSION'] as number;

/** Bytes of input that a parser takes at a time. */
export const windowBytes = 4096;

const require = createRequire(import.meta.url);

function compile(): object {
  try {
    return new WebAssembly.Module(require('undici/lib/llhttp/llhttp_simd-wasm.js') as Uint8Array);
  } catch {
    // A processor without SIMD.
    return new WebAssembly.Module(require('undici/lib/llhttp/llhttp-wasm.js') as Uint8Array);
  }
}

/** Whose parser runs. Parsers run one at a time and never within each other. */
let events: ParserEvents;
/** Address of the input that it runs on. */
let origin = 0;
const goOn = () => 0;
const pause = () => PAUSED;

const llhttp = new WebAssembly.Instance(compile(), {
  env: {
    wasm_on_message_begin: goOn,
    wasm_on_status: goOn,
    wasm_on_url: (_: number, at: number, n: number) => events.onTarget(at - origin, at - origin + n),
    wasm_on_header_field: (_: number, at: number, n: number) =>
      events.onFieldName(at - origin, at - origin + n),
    // Where a value lies follows from the names around it.
    wasm_on_header_value: goOn,
    wasm_on_body: (_: number, at: number, n: number) => events.onBody(at - origin, at - origin + n),
    wasm_on_headers_complete: pause,
    wasm_on_message_complete: pause,
  },
}).exports as LlhttpExports;

llhttp._initialize();

/** As they are put right before the target, over what was there. */
const usualMethod = Buffer.from('   POST ', 'latin1');
const connectMethod = Buffer.from('CONNECT ', 'latin1');
const methodBytes = usualMethod.length;

/** Room for a method, then the input. */
const memory = llhttp.malloc(methodBytes + windowBytes);
let view = new Uint8Array(0);

export class MessageParser {
  /** Where the last `run` stopped, counted in its range. */
  consumed = 0;
  readonly #parser: number;
  /** Bytes of the method still to be shown. */
  #shown = 0;
  #method: Uint8Array = usualMethod;

  constructor(kind: 'request' | 'response') {
    this.#parser = llhttp.llhttp_alloc(constants.TYPE[kind === 'request' ? 'REQUEST' : 'RESPONSE'] as number);
  }

  /** Gets ready for a response. */
  beginResponse(): void {
    llhttp.llhttp_reset(this.#parser);
    this.#shown = 0;
  }

  /** Gets ready for a request whose method has been read: the input begins right after the space. */
  beginRequest(isConnect: boolean): void {
    llhttp.llhttp_reset(this.#parser);
    this.#method = isConnect ? connectMethod : usualMethod;
    this.#shown = isConnect ? 'CONNECT '.length : 'POST '.length;
  }

  /**
   * Takes input in.
   *
   * @param end at most `windowBytes` after start
   * @returns MORE, PAUSED, STOP, or another of llhttp's error codes, after which only `begin` may follow
   */
  run(chunk: Uint8Array, start: number, end: number, handler: ParserEvents): number {
    // Memory moves when it grows, which detaches all views of it.
    if (view.length === 0) view = new Uint8Array(llhttp.memory.buffer, memory, methodBytes + windowBytes);
    let at = methodBytes;
    if (chunk.length <= windowBytes) {
      // Copying a little more is cheaper than a view of a part.
      view.set(chunk, methodBytes);
      at += start;
    } else {
      view.set(chunk.subarray(start, end), methodBytes);
    }
    const shown = this.#shown;
    if (shown > 0) view.set(this.#method, at - methodBytes);
    this.#shown = 0;
    events = handler;
    origin = memory + at;
    const code = llhttp.llhttp_execute(this.#parser, origin - shown, end - start + shown);
    this.consumed = code === MORE ? end - start : llhttp.llhttp_get_error_pos(this.#parser) - origin;
    return code;
  }

  /** Goes on after PAUSED, to the body. */
  resume(): void {
    llhttp.llhttp_resume(this.#parser);
  }

  /** What llhttp says of the last error. */
  errorReason(): string {
    const at = llhttp.llhttp_get_error_reason(this.#parser);
    if (at === 0) return 'no reason given';
    const text = Buffer.from(llhttp.memory.buffer, at, Math.min(80, llhttp.memory.buffer.byteLength - at));
    return text.toString('latin1', 0, Math.max(0, text.indexOf(0)));
  }

  /** Gives the parser's memory back. Nothing may follow. */
  free(): void {
    llhttp.llhttp_free(this.#parser);
  }
}
