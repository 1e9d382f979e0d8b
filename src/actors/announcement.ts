/**
 * Announcing a config: its backends, then saintmode objects, then directors, as messages, a few at a time.
 * A slice is so small that the registry's effect can stop between two of them before a turn gets long.
 */
import type { ConfigDescription, MemberDeclaration } from '../config/declaration.ts';
import type { ConfigKey } from '../config-key.ts';
import type { ConfigEmitted } from './config.ts';
import { type MemberKnown, withoutFirst } from './director.ts';

/** Items in one slice. A new backend with its poller is the dearest: some 150 µs of processor time. */
export const SLICE_LENGTH = 4;

export function countItems(description: ConfigDescription): number {
  return description.backends.length + description.saintmodes.length + description.directors.length;
}

function withMembers(
  description: ConfigDescription,
  director: string,
  change: (members: readonly MemberDeclaration[]) => readonly MemberDeclaration[],
): ConfigDescription {
  const directors = description.directors.map((one) =>
    one.name === director ? { ...one, members: change(one.members) } : one,
  );
  return { ...description, directors };
}

/** The description with one more member of a director, as request code added it. */
export function withMember(
  description: ConfigDescription,
  director: string,
  { backend: _, ...member }: MemberKnown,
): ConfigDescription {
  return withMembers(description, director, (members) => [...members, member]);
}

/**
 * The description without the first member of that target, as request code removed it.
 *
 * @param ident which of them, in a shard director
 */
export function withoutMember(
  description: ConfigDescription,
  director: string,
  target: string,
  ident: string | undefined,
): ConfigDescription {
  return withMembers(description, director, (members) => {
    const isMeant = (one: MemberDeclaration) => one.target === target && (one.ident ?? target) === ident;
    const at = ident === undefined ? -1 : members.findIndex(isMeant);
    return at < 0 ? withoutFirst(members, target) : members.filter((_, i) => i !== at);
  });
}

/** A member as its director's actor hears of it: with the identity, if it is a backend. */
export function knownMember(description: ConfigDescription, member: MemberDeclaration): MemberKnown {
  const backend = description.backends.find((one) => one.name === member.target);
  if (backend === undefined) return member;
  return { ...member, backend: { identity: backend.identity, probed: backend.probe !== undefined } };
}

function knownMembers(
  description: ConfigDescription,
  members: readonly MemberDeclaration[],
): readonly MemberKnown[] {
  const known = new Map(
    description.backends.map(({ name, identity, probe }) => [
      name,
      { identity, probed: probe !== undefined },
    ]),
  );
  return members.map((member) => {
    const backend = known.get(member.target);
    return backend === undefined ? member : { ...member, backend };
  });
}

/**
 * The messages for items `from` to `from + SLICE_LENGTH` of a config's announcement, but none from item `end` on.
 *
 * @param active whether the config is the active one, whose probes are preferred
 */
export function announceSlice(
  key: ConfigKey,
  description: ConfigDescription,
  from: number,
  end: number,
  active: boolean,
): ConfigEmitted[] {
  const { backends, saintmodes, directors } = description;
  const emitted: ConfigEmitted[] = [];
  for (let i = from; i < Math.min(from + SLICE_LENGTH, end); i++) {
    const backend = backends[i];
    if (backend !== undefined) {
      const { identity, addresses, probe, hostHeader } = backend;
      emitted.push({ type: 'backend.declare', identity, addresses, config: key, probe, hostHeader, active });
      continue;
    }
    const saintmode = saintmodes[i - backends.length];
    if (saintmode !== undefined) {
      const wrapped = backends.find((one) => one.name === saintmode.backend);
      if (wrapped === undefined) continue;
      const { name, threshold } = saintmode;
      const { identity, probe } = wrapped;
      const probed = probe !== undefined;
      emitted.push({ type: 'saintmode.declare', config: key, name, identity, probed, threshold });
      continue;
    }
    const director = directors[i - backends.length - saintmodes.length];
    if (director !== undefined) {
      const { name, policy } = director;
      const members = knownMembers(description, director.members);
      emitted.push({ type: 'director.declare', config: key, name, policy, members });
    }
  }
  return emitted;
}

/** The messages that take the same items back, but none from item `end` on. */
export function withdrawSlice(
  key: ConfigKey,
  description: ConfigDescription,
  from: number,
  end: number,
): ConfigEmitted[] {
  const { backends, saintmodes, directors } = description;
  const emitted: ConfigEmitted[] = [];
  for (let i = from; i < Math.min(from + SLICE_LENGTH, end); i++) {
    const backend = backends[i];
    const saintmode = saintmodes[i - backends.length];
    const director = directors[i - backends.length - saintmodes.length];
    if (backend !== undefined)
      emitted.push({ type: 'backend.withdraw', identity: backend.identity, config: key });
    else if (saintmode !== undefined)
      emitted.push({ type: 'saintmode.end', config: key, name: saintmode.name });
    else if (director !== undefined) emitted.push({ type: 'director.end', config: key, name: director.name });
  }
  return emitted;
}
