/**
 * Runs a config's init hook on nobody's behalf, to see what it makes of the directors: `troupe check` tells of
 * a director that contains itself, or stays empty, also where members are added by code.
 */
import { TroupeError } from '../errors.ts';
import type { Config } from './config.ts';
import type { DirectorDeclaration, MemberDeclaration } from './declaration.ts';
import { enterHook, type HookScope, leaveHook } from './hook-scope.ts';
import type { PeerControl } from './peer-control.ts';
import { changeMembers } from './shard-members.ts';
import type { ShardMemberChange } from './shard-scope.ts';
import { showValue } from './show-value.ts';

/**
 * @returns the config as it is once init has run, and without that hook
 * @throws TroupeError `config.hook-failed`, `config.hook-async`
 */
export function rehearseInit(config: Config): Config {
  const { init, ...hooks } = config.hooks;
  if (init === undefined) return config;
  const directors = new Map(config.directors.map((director) => [director.name, [...director.members]]));
  const previous = enterHook(scopeOver(directors));
  let answer: unknown;
  try {
    answer = init({ log: () => {} });
  } catch (error) {
    const what = error instanceof Error ? `${error.name}: ${error.message}` : showValue(error);
    const place = config.origin?.thrown(error) ?? config.origin?.hook('init');
    throw new TroupeError('config.hook-failed', `the hook init threw ${what}`, {
      side: 'troupe',
      cause: error,
      place,
    });
  } finally {
    leaveHook(previous);
  }
  expectDone(answer, config);
  const afterInit = ({ name, ...rest }: DirectorDeclaration) => ({
    name,
    ...rest,
    members: directors.get(name) ?? [],
  });
  return { ...config, hooks, directors: config.directors.map(afterInit) };
}

function expectDone(answer: unknown, { origin }: Config): void {
  const place = origin?.hook('init');
  if (answer === 'fail') {
    throw new TroupeError('config.hook-failed', "the hook init returned 'fail'.", { side: 'troupe', place });
  }
  if (!(answer instanceof Promise)) return;
  // Nobody waits for it; what it rejects with must not end the process.
  answer.catch(() => {});
  const message = 'the hook init returned a promise, but hooks run to completion: they cannot wait.';
  const advice = 'Get what it needs before defineConfig.';
  throw new TroupeError('config.hook-async', message, { side: 'troupe', place, advice });
}

/** Nobody is told anything. */
const idlePeer: PeerControl = {
  queue: () => true,
  set: () => {},
  setThreads: () => {},
  setTimeout: () => {},
  setConnectTimeout: () => {},
  setMaxQueue: () => {},
  threads: 0,
  pending: 0,
  minThreads: 0,
  maxThreads: 0,
};

/** The same member list as in the data plane; what is skipped there is skipped here. */
function changeShard(members: MemberDeclaration[], changes: readonly ShardMemberChange[]): readonly string[] {
  const before = members.map((member) => ({ ...member, ident: member.ident ?? member.target }));
  const { members: after, skipped } = changeMembers(
    before,
    changes.map((change) => {
      if (change.type !== 'add') return change;
      const { target, ident = target, weight = 1 } = change;
      return { type: 'add', entry: { target, ident, weight } };
    }),
  );
  members.splice(0, members.length, ...after);
  return skipped.map(({ ident }) => ident);
}

/** Unknown targets and weights are left to checkConfig, which knows how to tell of them. */
function scopeOver(directors: ReadonlyMap<string, MemberDeclaration[]>): HookScope {
  return {
    addMember(director, target, weight) {
      directors.get(director)?.push({ target, weight });
    },
    removeMember(director, target) {
      const members = directors.get(director);
      const index = members?.findIndex((member) => member.target === target) ?? -1;
      if (index >= 0) members?.splice(index, 1);
    },
    shards: {
      change(director, changes) {
        const members = directors.get(director);
        return members === undefined ? [] : changeShard(members, changes);
      },
      size: (director) => directors.get(director)?.length ?? 0,
      setWarmup: () => {},
      setRampup: () => {},
      associate: () => {},
      setParam: () => {},
    },
    saintCount: () => 0,
    peer: () => idlePeer,
  };
}
