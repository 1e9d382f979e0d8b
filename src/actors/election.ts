/**
 * Election: which config's probe a backend identity is polled with. The active config's, if it has one;
 * otherwise any one will do (phk), and then the one that has it keeps it, so that a poller changes hands
 * no more often than it must.
 */
import type { ProbeDeclaration } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';

/** What one warm or active config says of the identity. */
export interface Declaration {
  readonly config: ConfigKey;
  readonly probe: ProbeDeclaration | undefined;
  readonly hostHeader: string;
  /** Whether the config was the active one when it said so; of two, the later one counts. */
  readonly active: boolean;
}

/** The declarations with one added or replaced. An active one takes the mark from the others. */
export function withDeclaration(
  declarations: readonly Declaration[],
  added: Declaration,
): readonly Declaration[] {
  let found = false;
  const after = declarations.map((one) => {
    if (one.config === added.config) {
      found = true;
      return added;
    }
    return added.active && one.active ? { ...one, active: false } : one;
  });
  if (!found) after.push(added);
  return after;
}

/**
 * @param declarations in the order in which the configs were first heard of
 * @param current the config elected so far
 * @returns the declaration whose probe is to be used, or undefined if none has one
 */
export function elect(
  declarations: readonly Declaration[],
  current: ConfigKey | undefined,
): Declaration | undefined {
  let chosen: Declaration | undefined;
  for (const one of declarations) {
    if (one.probe === undefined) continue;
    if (one.active) return one;
    if (chosen === undefined || one.config === current) chosen = one;
  }
  return chosen;
}
