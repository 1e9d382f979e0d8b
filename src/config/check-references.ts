/** Whether every name in a config names something, and one thing only, and no director contains itself. */
import type { Config } from './config.ts';
import type { DirectorDeclaration } from './declaration.ts';
import { showValue } from './show-value.ts';
import { didYouMean } from './suggest.ts';

export interface ReferenceMistake {
  readonly declaration:
    | { readonly name: string; readonly place?: Config['backends'][number]['place'] }
    | undefined;
  /** In the declaration; empty: the declaration itself. */
  readonly path: readonly (string | number)[];
  readonly message: string;
  readonly advice?: string | undefined;
}

export function* checkReferences(config: Config): Generator<ReferenceMistake> {
  const { backends, directors, saintmodes, defaultTarget } = config;
  const duplicates = [...checkDuplicates(config)];
  yield* duplicates;

  const backendNames = new Set(backends.map(({ name }) => name));
  const targets = new Set([...backends, ...directors, ...saintmodes].map(({ name }) => name));
  for (const saintmode of saintmodes) {
    const { name, backend } = saintmode;
    if (backendNames.has(backend)) continue;
    const isOther = targets.has(backend);
    const message = isOther
      ? `${name}: ${backend} is no backend, and saintmode wraps backends only.`
      : `${name}: there is no backend ${backend}.`;
    const advice = isOther ? undefined : didYouMean(backend, backendNames);
    yield { declaration: saintmode, path: ['backend'], message, advice };
  }
  for (const director of directors) {
    for (const [index, { target, weight }] of director.members.entries()) {
      if (!targets.has(target)) {
        const message = `${director.name}: there is no backend, director or saintmode object ${target}.`;
        yield {
          declaration: director,
          path: ['members', index],
          message,
          advice: didYouMean(target, targets),
        };
      }
      if (!(weight >= 0 && weight < Number.POSITIVE_INFINITY)) {
        const message = `${director.name}: the weight of ${target} must be a number from 0, but is ${showValue(weight)}.`;
        yield { declaration: director, path: ['members', index, 'weight'], message };
      }
    }
  }
  if (defaultTarget !== undefined && !targets.has(defaultTarget)) {
    const message = `there is no backend, director or saintmode object ${defaultTarget}, which is the default.`;
    yield { declaration: undefined, path: [], message, advice: didYouMean(defaultTarget, targets) };
  }
  // With a name for two things, a cycle may be none.
  if (duplicates.length === 0) yield* checkCycles(directors);
}

function* checkDuplicates({
  backends,
  directors,
  saintmodes,
  peers = [],
}: Config): Generator<ReferenceMistake> {
  const seen = new Map<string, string>();
  const lists = [
    ['backend', backends],
    ['director', directors],
    ['saintmode object', saintmodes],
    ['peer', peers],
  ] as const;
  for (const [kind, declarations] of lists) {
    for (const declaration of declarations) {
      const { name } = declaration;
      const other = seen.get(name);
      if (other === undefined) {
        seen.set(name, kind);
        continue;
      }
      const message = `${name} is the name of two things: a ${other} and a ${kind}.`;
      yield { declaration, path: [], message, advice: 'Give one of them another name.' };
    }
  }
}

/** Each cycle once, at the director whose member closes it. */
function* checkCycles(directors: readonly DirectorDeclaration[]): Generator<ReferenceMistake> {
  const byName = new Map(directors.map((director) => [director.name, director]));
  const finished = new Set<string>();
  for (const { name } of directors) yield* search(name, []);

  function* search(name: string, way: readonly string[]): Generator<ReferenceMistake> {
    const director = byName.get(name);
    if (director === undefined || finished.has(name)) return;
    const wayHere = [...way, name];
    for (const [index, { target }] of director.members.entries()) {
      const start = wayHere.indexOf(target);
      if (start < 0) {
        yield* search(target, wayHere);
        continue;
      }
      const cycle = [...wayHere.slice(start), target].join(' -> ');
      const message = `${name} contains itself: ${cycle}.`;
      yield {
        declaration: director,
        path: ['members', index],
        message,
        advice: `Take ${target} out of ${name}.`,
      };
    }
    finished.add(name);
  }
}
