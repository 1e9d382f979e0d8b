/** What scenarios are made for: the backends of a config, and its words. */
import type { ResolvedBackend } from '../config/declaration.ts';
import type { Dictionary } from './dictionary.ts';

export interface Subject {
  readonly backends: readonly ResolvedBackend[];
  readonly dictionary: Dictionary;
}
