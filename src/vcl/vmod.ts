/**
 * What a vmod is: one file with one such value. Signatures are written as in the vmod's manual:
 *
 *   fn('STRING toupper(STRANDS s)', (_context, s) => ...)
 *
 * Values are what they are in JavaScript: texts are strings (or undefined, where a field is not there), INT, REAL,
 * BYTES and DURATION and TIME (both in seconds) are numbers, BACKEND is a BackendRef, IP an IpValue, HEADER a
 * FieldRef, BLOB a Uint8Array, an ENUM its word.
 */
import type { DirectorDeclaration, PeerDeclaration, SaintmodeDeclaration } from '../config/declaration.ts';
import type { BackendRef, BackendRequest, ClientRequest, PurgeOptions, Response } from '../config/hooks.ts';
import type { Session } from '../proxy/http/exchange.ts';
import type { HeaderFields } from '../proxy/http/fields.ts';
import { methodBits } from './methods.ts';
import { parseSignature, type Signature } from './signature.ts';

/** What a function gets first: the hook's context. Which members are there depends on the hook. */
export interface VclContext {
  /** Milliseconds since 1970; undefined in vcl_init and vcl_fini. */
  readonly now?: number;
  readonly client?: IpValue;
  readonly server?: IpValue;
  readonly local?: IpValue;
  readonly req?: ClientRequest;
  readonly bereq?: BackendRequest;
  readonly beresp?: Response;
  readonly resp?: Response;
  readonly obj?: { readonly http: HeaderFields };
  /** 32 bytes. In fetches. */
  readonly requestHash?: Uint8Array;
  /** Where objects are kept, by name; undefined: nowhere. */
  readonly storages?: ReadonlyMap<string, { readonly capacity: number; readonly bytes: number }> | undefined;
  readonly nextStorage?: string | undefined;
  readonly session?: Session | undefined;
  log(message: string): void;
  healthy?(target: BackendRef): boolean;
  resolve?(target: BackendRef): string | undefined;
  deny?(duration: number | string): void;
  purge?(options?: PurgeOptions): number;
  /** @returns what is wrong with the words of a ban; undefined: it was issued */
  issueBan?(words: readonly string[]): string | undefined;
}

export interface IpValue {
  readonly ip: string;
  readonly port: number;
}

/** A field of a message, of which there may be several, or none. */
export interface FieldRef {
  readonly http: HeaderFields;
  readonly name: string;
}

export interface VmodFunction {
  readonly signature: Signature;
  /** Methods in which it can be called, as bits of methods.ts. Default: all. */
  readonly methods?: number;
  /** Called once for each program that calls it. */
  readonly bind: (program: ProgramFacts) => VmodCall;
}

/** Called with the context, of a method with what its object is, and with the arguments in their order. */
export type VmodCall = (context: VclContext, ...args: readonly never[]) => unknown;

/** What a function may know of the program that calls it. */
export interface ProgramFacts {
  /** Of VCL, times ten. */
  readonly version: number;
  /** Absolute path of the folder that the program is in; undefined: it is in no file. */
  readonly folder: string | undefined;
  /** Names of backends, directors and saintmode objects. */
  readonly targets: ReadonlySet<string>;
  readonly saintmodes: readonly SaintmodeDeclaration[];
  /** Has something called before vcl_recv, and before vcl_backend_fetch. */
  beforeRequest(prepare: (context: VclContext) => void): void;
}

/** What an object declares in its config. */
export interface VmodInstance {
  /** What its methods get. */
  readonly self: unknown;
  readonly director?: DirectorDeclaration;
  readonly saintmode?: SaintmodeDeclaration;
}

export interface VmodObject {
  readonly signature: Signature;
  /**
   * Called when a config is compiled. Its arguments are constants; a BACKEND is its name.
   *
   * @throws Error a sentence about an argument
   */
  readonly create: (name: string, args: readonly unknown[]) => VmodInstance;
  readonly methods: Readonly<Record<string, VmodFunction>>;
}

export interface Vmod {
  readonly name: string;
  readonly functions: Readonly<Record<string, VmodFunction>>;
  readonly objects: Readonly<Record<string, VmodObject>>;
  /** What importing it declares. */
  readonly peers?: readonly PeerDeclaration[];
  /** Called after a hook of a config that uses it: what was asked for takes effect. */
  readonly afterHook?: () => void;
}

/**
 * A function, or a method (whose `run` gets what its object is as second argument).
 *
 * @param callableIn methods in which it can be called, as vcl-var(7) writes them; default: all
 */
export function fn<Args extends readonly unknown[]>(
  prototype: string,
  run: (context: VclContext, ...args: Args) => unknown,
  callableIn?: string,
): VmodFunction {
  return bound(prototype, () => run, callableIn);
}

/** As `fn`, for a function that needs to know something of the program: `bind` gives what is called. */
export function bound<Args extends readonly unknown[]>(
  prototype: string,
  bind: (program: ProgramFacts) => (context: VclContext, ...args: Args) => unknown,
  callableIn?: string,
): VmodFunction {
  const methods = callableIn === undefined ? {} : { methods: methodBits(callableIn) };
  // The checker sees to it that the arguments are what the signature says.
  return { signature: parseSignature(prototype), bind: bind as unknown as VmodFunction['bind'], ...methods };
}

/** Functions or methods by their names. */
export function byName(functions: readonly VmodFunction[]): Record<string, VmodFunction> {
  return Object.fromEntries(functions.map((one) => [one.signature.name, one]));
}
