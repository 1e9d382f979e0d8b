/**
 * The internal Config: what TypeScript modules and VCL files both become. Nothing behind this interface
 * knows which front end it came from.
 */
import type { BackendDeclaration, DirectorDeclaration, SaintmodeDeclaration } from './declaration.ts';
import type { Hooks } from './hooks.ts';

export interface Config {
  readonly backends: readonly BackendDeclaration[];
  readonly directors: readonly DirectorDeclaration[];
  readonly saintmodes: readonly SaintmodeDeclaration[];
  /** Where requests go unless a hook says otherwise: the name of a backend, director or saintmode object. */
  readonly defaultTarget: string | undefined;
  readonly hooks: Hooks;
  /** Absolute path of the file it came from; undefined for a config made in the program itself. */
  readonly file: string | undefined;
}
