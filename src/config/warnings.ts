/**
 * What is legal in a config and hardly meant. A warning is given only where it is sure: hooks are code, and may
 * add members and name backends in ways that cannot be seen from here.
 */
import type { Place } from '../errors.ts';
import type { Config } from './config.ts';
import { type DirectorDeclaration, sharesByWeight } from './declaration.ts';

export interface ConfigWarning {
  /** One sentence. */
  readonly message: string;
  readonly place: Place | undefined;
}

export function warningsFor(config: Config): ConfigWarning[] {
  const { backends, directors, hooks } = config;
  const warnings: ConfigWarning[] = [];
  if (backends.length === 0) {
    const place = config.file === undefined ? undefined : { file: config.file, line: 1, column: 1 };
    warnings.push({ message: 'there is no backend: what no hook answers gets 503.', place });
  }
  if (!mayChangeMembers(hooks)) {
    for (const director of directors) {
      const message = directorWarning(director);
      if (message !== undefined) warnings.push({ message, place: director.place });
    }
  }
  if (!mayChooseBackends(hooks)) warnings.push(...unusedWarnings(config));
  return warnings;
}

function directorWarning({ name, policy, members }: DirectorDeclaration): string | undefined {
  if (members.length === 0) return `${name} has no members: requests for it get 503 until a hook adds one.`;
  if (!sharesByWeight(policy) || members.some(({ weight }) => weight > 0)) return undefined;
  return `every member of ${name} has weight 0: it never picks one, and requests for it get 503.`;
}

/** Members, and what saintmode objects wrap, as far as they can be reached from the default. */
function unusedWarnings({ backends, directors, saintmodes, defaultTarget }: Config): ConfigWarning[] {
  const leadsTo = new Map<string, readonly string[]>();
  for (const { name, members } of directors)
    leadsTo.set(
      name,
      members.map(({ target }) => target),
    );
  for (const { name, backend } of saintmodes) leadsTo.set(name, [backend]);
  const used = new Set<string>();
  const open = defaultTarget === undefined ? [] : [defaultTarget];
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    if (used.has(name)) continue;
    used.add(name);
    open.push(...(leadsTo.get(name) ?? []));
  }
  const unused = (why: string) => (declaration: { readonly name: string; readonly place?: Place }) => ({
    message: `${declaration.name} gets no requests: ${why}`,
    place: declaration.place,
  });
  const notUsed = ({ name }: { readonly name: string }) => !used.has(name);
  return [
    ...backends
      .filter(notUsed)
      .map(unused('no director that is used has it, it is not the default, and no hook sends any.')),
    ...directors.filter(notUsed).map(unused('it is not the default, and no hook sends any.')),
    ...saintmodes.filter(notUsed).map(unused('no director that is used has it as a member.')),
  ];
}

/** Any hook may, through what it calls; the warning says so. Most that do show it by the word. */
function mayChangeMembers(hooks: Config['hooks']): boolean {
  return Object.values(hooks).some(
    (hook) => typeof hook === 'function' && String(hook).includes('addBackend'),
  );
}

/** Every hook with a request can, even deliver: it may restart the request. */
function mayChooseBackends(hooks: Config['hooks']): boolean {
  return Object.entries(hooks).some(([name, hook]) => name !== 'fini' && hook !== undefined);
}
