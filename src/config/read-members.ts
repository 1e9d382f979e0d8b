/** The member list of a director as its function was given it: handles, or handles with weights. */
import type { DirectorHandle } from './director.ts';
import { callOf, Handle } from './handle.ts';
import type { Mistake } from './mistake.ts';
import { shardMemberSchema, weightedSchema } from './option-schemas.ts';
import { readOptions } from './read-options.ts';
import { shardMember } from './read-shard.ts';
import { showValue } from './show-value.ts';

interface ReadMember {
  readonly target: Handle;
  readonly weight: number;
  /** Of a shard director's member. */
  readonly ident?: string;
  readonly rampupMs?: number;
  /** Position in the list as written, mistakes included. */
  readonly index: number;
}

export interface ReadMembers {
  readonly members: readonly ReadMember[];
  readonly mistakes: readonly Mistake[];
}

export function readMembers(director: DirectorHandle): ReadMembers {
  const { site, args } = callOf(director);
  const [list] = args;
  if (!Array.isArray(list)) {
    const message = `the members must be a list, but are ${showValue(list)}.`;
    return { members: [], mistakes: [{ site, path: [0], message, advice: 'Write [] for none.' }] };
  }
  const members: ReadMember[] = [];
  const mistakes: Mistake[] = [];
  for (const [index, entry] of list.entries()) {
    const read = readMember(director, entry);
    if ('target' in read) members.push({ ...read, index });
    else
      for (const mistake of read.mistakes)
        mistakes.push({ ...mistake, site, path: [0, index, ...mistake.path] });
  }
  return { members, mistakes };
}

type Refused = { readonly mistakes: readonly Omit<Mistake, 'site'>[] };

function readMember(director: DirectorHandle, entry: unknown): Omit<ReadMember, 'index'> | Refused {
  if (entry instanceof Handle) return { target: entry, weight: 1 };
  if (typeof entry !== 'object' || entry === null || !('target' in entry)) return refused(notAHandle(entry));
  const { target } = entry;
  if (!(target instanceof Handle)) return refused(notAHandle(target), ['target']);
  if (director.policy === 'shard') {
    const { value, mistakes } = readOptions(shardMemberSchema, entry, 'the member');
    return mistakes.length > 0 ? { mistakes } : { target, weight: 1, ...shardMember(value) };
  }
  if (director.policy === 'round_robin' || director.policy === 'fallback') {
    return refused(
      'a weight has no meaning here: roundRobin and fallback do not share traffic by weight.',
      [],
      {
        advice: 'Write the member itself.',
      },
    );
  }
  const { value, mistakes } = readOptions(weightedSchema, entry, 'the member');
  return mistakes.length > 0 ? { mistakes } : { target, weight: value?.weight ?? 1 };
}

function refused(message: string, path: Mistake['path'] = [], more: { advice?: string } = {}): Refused {
  return { mistakes: [{ path, message, ...more }] };
}

function notAHandle(value: unknown): string {
  return `a member must be a backend, a saintmode object or a director, but is ${showValue(value)}.`;
}
