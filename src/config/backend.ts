/** `backend()`: one origin server. Names, defaults and meanings are those of vcl-backend(7) and vcl-probe(7). */
import type { Duration } from '../duration.ts';
import { captureCallSite } from './call-site.ts';
import { Handle, recordCall } from './handle.ts';

export interface ProbeOptions {
  /** Path that is asked for. Default: '/'. */
  readonly url?: string | undefined;
  /** The whole request instead: its lines, or one text with line ends. Not together with `url`. */
  readonly request?: string | readonly string[] | undefined;
  /** Status of a good answer. Default: 200. */
  readonly expectedResponse?: number | undefined;
  /** What one probe may take in all. Default: '2s'. */
  readonly timeout?: Duration | undefined;
  /** From the end of one probe to the start of the next. Default: '5s'. */
  readonly interval?: Duration | undefined;
  /** How many probes count as good before the first one. Default: one less than `threshold`. */
  readonly initial?: number | undefined;
  /** How many of the latest probes are looked at; 1 to 64. Default: 8, or one more than a given `threshold`. */
  readonly window?: number | undefined;
  /** How many of those must be good. Default: 3. Needed where `window` is given. */
  readonly threshold?: number | undefined;
  /** Judge an answer only after the backend has closed the connection. Default: true. */
  readonly expectClose?: boolean | undefined;
}

interface CommonOptions {
  /** Host field where a request has none, and in probes. Default: the host. */
  readonly hostHeader?: string | undefined;
  /**
   * Version of the PROXY protocol in which the backend is told of each client: with a connection for each request. Default:
   * it is not. VCL: `.proxy_header`.
   */
  readonly proxyHeader?: 1 | 2 | undefined;
  /** How its health is found out; true takes every default. Without a probe it counts as healthy. */
  readonly probe?: ProbeOptions | boolean | undefined;
  /** Default: the parameter connect_timeout, '3.5s'. */
  readonly connectTimeout?: Duration | undefined;
  /** From the end of the request to the first byte of the answer. Default: first_byte_timeout, '60s'. */
  readonly firstByteTimeout?: Duration | undefined;
  /** Between two pieces of the answer. Default: between_bytes_timeout, '60s'. */
  readonly betweenBytesTimeout?: Duration | undefined;
  /** Requests in flight to it, tunnels included, beyond which others wait or are refused. Default: 0, no limit. */
  readonly maxConnections?: number | undefined;
  /**
   * How many requests of this config may wait while `maxConnections` are in flight; who comes later is refused.
   * First come, first served; who waits for a backend that falls sick is picked for again. Default: 0, nobody
   * waits. In VCL, from Varnish 7.6 on: `.wait_limit`.
   */
  readonly waitLimit?: number | undefined;
  /** For how long a request waits before it is refused. Default: '30s'. In VCL: `.wait_timeout`. */
  readonly waitTimeout?: Duration | undefined;
}

interface TcpOptions extends CommonOptions {
  /** A name or an address; resolved when the config is loaded, to at most one address of each family. */
  readonly host: string;
  /** Default: 80. */
  readonly port?: number | undefined;
  readonly path?: undefined;
}

interface UnixOptions extends CommonOptions {
  /** Absolute path of a unix socket. */
  readonly path: string;
  readonly host?: undefined;
  readonly port?: undefined;
}

export type BackendOptions = TcpOptions | UnixOptions;

export class BackendHandle extends Handle {
  readonly kind = 'backend';
}

/**
 * Declares a backend. It gets its name in `defineConfig({ backends: { ... } })`; backends with the same name and
 * the same addresses are one, in whatever configs they are declared.
 */
export function backend(options: BackendOptions): BackendHandle {
  const handle = new BackendHandle();
  recordCall(handle, captureCallSite(backend), [options]);
  return handle;
}
