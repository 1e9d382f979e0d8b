/** llhttp by itself, with nothing lenient: for oracles that share no code with Troupe but llhttp's own. */
import { createRequire } from 'node:module';

declare const WebAssembly: {
  readonly Module: new (bytes: Uint8Array) => object;
  readonly Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Llhttp {
  readonly memory: { readonly buffer: ArrayBuffer };
  malloc(bytes: number): number;
  free(at: number): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_execute(parser: number, data: number, bytes: number): number;
  llhttp_finish(parser: number): number;
  llhttp_reset(parser: number): void;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
  llhttp_get_status_code(parser: number): number;
}

/** What llhttp calls: with the parser, and where there is text, its address and length. */
type Callbacks = Readonly<
  Record<`wasm_on_${string}`, (parser: number, at: number, length: number) => number>
>;

export function startLlhttp(env: Callbacks): Llhttp {
  const bytes = createRequire(import.meta.url)('undici/lib/llhttp/llhttp-wasm.js') as Uint8Array;
  return new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports as Llhttp;
}
