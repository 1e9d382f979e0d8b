/**
 * The internal Config: what TypeScript modules and VCL files both become. Nothing behind this interface
 * knows which front end it came from.
 */
import type { Place, TroupeError } from '../errors.ts';
import type { CacheDeclaration } from './cache-declaration.ts';
import type {
  BackendDeclaration,
  DirectorDeclaration,
  PeerDeclaration,
  SaintmodeDeclaration,
} from './declaration.ts';
import type { Hooks } from './hooks.ts';
import type { ConfigWarning } from './warnings.ts';

/** What a front end still knows of the text that a config was written in: it turns mistakes into places. */
export interface ConfigOrigin {
  /** What was wrong already when the text was read. checkConfig reports it together with its own findings. */
  readonly mistakes: readonly TroupeError[];
  /** What is legal in the text and hardly meant, or worth knowing. Found when it is asked for. */
  readonly warnings?: readonly ConfigWarning[];
  /** Place of the name of a hook. */
  hook(name: string): Place | undefined;
  /**
   * Place of an option of a declaration, or else of the nearest thing around it.
   *
   * @param path names as in the TypeScript options: ['port'], ['probe', 'interval'], ['members', 2]
   */
  option(declaration: string, path: readonly (string | number)[]): Place | undefined;
  /** Where in the user's own files something was thrown: the innermost line of its stack that lies there. */
  thrown(error: unknown): Place | undefined;
}

export interface SourceText {
  /** Path of a file, or a name in angle brackets. */
  readonly name: string;
  readonly text: string;
}

export interface Config {
  readonly backends: readonly BackendDeclaration[];
  readonly directors: readonly DirectorDeclaration[];
  readonly saintmodes: readonly SaintmodeDeclaration[];
  readonly peers?: readonly PeerDeclaration[] | undefined;
  /** Where requests go unless a hook says otherwise: the name of a backend, director or saintmode object. */
  readonly defaultTarget: string | undefined;
  /** How it keeps answers; false: not at all. Default: by RFC 9111. */
  readonly cache?: CacheDeclaration | false | undefined;
  /** How it speaks with clients and backends; `varnish`: as varnishd does. Default: as a proxy by RFC 9110. */
  readonly manners?: 'varnish' | undefined;
  readonly hooks: Hooks;
  /** Labels that its recv hook may hand requests over to; `return (vcl(label))` in VCL. */
  readonly labels?: readonly string[] | undefined;
  /** The texts it was made of, the main one first. */
  readonly sources?: readonly SourceText[] | undefined;
  /** Absolute path of the file it came from; undefined for a config made in the program itself. */
  readonly file: string | undefined;
  readonly origin?: ConfigOrigin | undefined;
}
