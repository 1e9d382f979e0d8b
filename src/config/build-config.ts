/**
 * From a call of defineConfig to a Config: declarations by name, hooks, and the way back to the source. Where
 * something is wrong, what remains still becomes a Config, so that its other mistakes can be found as well.
 */
import type { TroupeError } from '../errors.ts';
import { BackendHandle } from './backend.ts';
import type { CallSite } from './call-site.ts';
import type { Config, ConfigOrigin } from './config.ts';
import type {
  BackendDeclaration,
  DirectorDeclaration,
  PeerDeclaration,
  SaintmodeDeclaration,
} from './declaration.ts';
import { DirectorHandle } from './director.ts';
import { callOf, Handle, type RecordedCall } from './handle.ts';
import { hookNames } from './hook-names.ts';
import type { Hooks } from './hooks.ts';
import { errorOf, type Mistake } from './mistake.ts';
import { nameHandles } from './name-handles.ts';
import { PeerHandle } from './peer.ts';
import { readCache } from './read-cache.ts';
import { readBackend, readDirector, readSaintmode } from './read-declarations.ts';
import { readPeer } from './read-peer.ts';
import { SaintmodeHandle } from './saintmode.ts';
import { showValue } from './show-value.ts';
import type { SourceFiles } from './source-files.ts';
import type { ArgumentPath } from './source-tree.ts';
import { didYouMean } from './suggest.ts';

const optionNames = ['backends', 'directors', 'peers', 'cache', 'default'];

/**
 * @param definition the call of defineConfig
 * @param file the config's own file, if it has one
 */
export function buildConfig(definition: RecordedCall, files: SourceFiles, file: string | undefined): Config {
  const { site, args } = definition;
  const [given] = args;
  // Told as they are found, but looked up in the source only when somebody asks.
  const mistakes: (() => TroupeError)[] = [];
  const note = (mistake: Mistake, about?: string): void => {
    mistakes.push(() => errorOf(mistake, files, about));
  };
  if (typeof given !== 'object' || given === null) {
    const message = `defineConfig takes an object, but was given ${showValue(given)}.`;
    note({ site, path: [], message });
  }
  const input: Readonly<Record<string, unknown>> = { ...(given as object) };

  const naming = nameHandles(definition, input);
  for (const mistake of naming.mistakes) note(mistake);
  for (const mistake of naming.unlisted) mistakes.push(() => errorOf(withVariable(mistake, files), files));

  const backends: BackendDeclaration[] = [];
  const directors: DirectorDeclaration[] = [];
  const saintmodes: SaintmodeDeclaration[] = [];
  const peers: PeerDeclaration[] = [];
  const declared = new Map<string, Handle>();
  for (const [handle, name] of naming.names) {
    const call = callOf(handle);
    const place = files.call(call.site);
    const common = place === undefined ? { name } : { name, place };
    const tell = (mistake: Omit<Mistake, 'site'>): void => note({ ...mistake, site: call.site }, name);
    if (!declared.has(name)) declared.set(name, handle);
    if (handle instanceof BackendHandle) {
      backends.push({ ...common, ...readBackend(handle, tell) });
    } else if (handle instanceof DirectorHandle) {
      directors.push({ ...common, ...readDirector(handle, naming.names, tell) });
    } else if (handle instanceof PeerHandle) {
      peers.push({ ...common, ...readPeer(handle, tell) });
    } else if (handle instanceof SaintmodeHandle) {
      const saintmode = readSaintmode(handle, naming.names, tell);
      if (saintmode !== undefined) saintmodes.push({ ...common, ...saintmode });
    }
  }

  for (const mistake of unknownOptions(input)) note({ ...mistake, site });
  const byDefault = input['default'] instanceof Handle ? naming.names.get(input['default']) : undefined;
  return {
    backends,
    directors,
    saintmodes,
    peers,
    defaultTarget: byDefault ?? backends[0]?.name,
    cache: readCache(input['cache'], (mistake) => note({ ...mistake, site })),
    hooks: hooksIn(input),
    file,
    origin: originOf(site, declared, mistakes, files),
  };
}

function hooksIn(input: Readonly<Record<string, unknown>>): Hooks {
  const hooks: Record<string, unknown> = {};
  for (const name of hookNames) if (input[name] !== undefined) hooks[name] = input[name];
  return hooks;
}

function* unknownOptions(input: Readonly<Record<string, unknown>>): Generator<Omit<Mistake, 'site'>> {
  const known = [...optionNames, ...hookNames];
  for (const name of Object.keys(input)) {
    if (known.includes(name)) continue;
    const kind = typeof input[name] === 'function' ? 'hook' : 'option';
    const advice = didYouMean(name, known) ?? `There are ${known.join(', ')}.`;
    yield { path: [0, name], message: `there is no ${kind} '${name}'.`, advice };
  }
}

/** The variable that holds a backend tells what to write. */
function withVariable(mistake: Mistake, files: SourceFiles): Mistake {
  const variable = files.variable(mistake.site, mistake.path);
  return {
    ...mistake,
    ...(variable === undefined ? {} : { message: `the backend ${variable} has no name.` }),
    advice: `Add it to backends in defineConfig: backends: { ${variable ?? 'b1: backend({ ... })'} }.`,
  };
}

function originOf(
  site: CallSite,
  declared: ReadonlyMap<string, Handle>,
  mistakes: readonly (() => TroupeError)[],
  files: SourceFiles,
): ConfigOrigin {
  let errors: readonly TroupeError[] | undefined;
  return {
    get mistakes() {
      errors ??= mistakes.map((mistake) => mistake());
      return errors;
    },
    hook: (name) => files.argument(site, [0, name]),
    option(declaration, path) {
      const handle = declared.get(declaration);
      return handle === undefined
        ? undefined
        : files.argument(callOf(handle).site, argumentPath(handle, path));
    },
    thrown: (error) => files.thrown(error),
  };
}

/** From the name of an option to where it is in the arguments of the handle's function. */
function argumentPath(handle: Handle, path: ArgumentPath): ArgumentPath {
  const [first, ...rest] = path;
  if (handle instanceof BackendHandle || handle instanceof PeerHandle) return [0, ...path];
  if (handle instanceof SaintmodeHandle) return first === 'backend' ? [0] : [1, ...path];
  return first === 'members' ? [0, ...rest] : [1, ...path];
}
