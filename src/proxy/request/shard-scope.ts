/** What hooks change of the shard directors of one loaded config: at once, and as facts for the others. */
import type { ShardScope } from '../../config/shard-scope.ts';
import { TroupeError } from '../../errors.ts';
import type { Fact } from '../../facts.ts';
import type { ShardControl } from '../directors/shard/shard-control.ts';
import type { NodeRingMember } from '../directors/shard/shard-node.ts';
import type { TargetGraph } from '../directors/target-graph.ts';

/** A fact before it is known whose it is. */
type MemberFact = Extract<Fact, { type: 'member.added' | 'member.removed' }>;
type Untold<One> = One extends MemberFact ? Omit<One, 'config'> : never;

/** @param tell called with each member that came or went */
export function createShardScope(graph: TargetGraph, tell: (fact: Untold<MemberFact>) => void): ShardScope {
  function control(director: string): ShardControl {
    const shard = graph.shard(director);
    if (shard !== undefined) return shard;
    throw invalid(`there is no shard director ${director}; declare it, or correct the name`);
  }

  return {
    change(director, changes, replicas) {
      const report = control(director).reconfigure(changes, replicas);
      if (typeof report === 'string') throw invalid(`director ${director}: ${report}`);
      for (const { target, ident } of report.removed) {
        tell({ type: 'member.removed', director, target: target.name, ident });
      }
      for (const member of report.added) tell({ type: 'member.added', director, ...described(member) });
      return report.skipped.map(({ ident }) => ident);
    },
    size: (director) => control(director).size(),
    setWarmup: (director, probability) => throwIf(director, control(director).setWarmup(probability)),
    setRampup: (director, ms) => throwIf(director, control(director).setRampup(ms)),
    associate: (director, param) => control(director).associate(param),
    setParam: (id, choice) => graph.shardParams.set(id, choice),
  };
}

function described({ target, weight, ident, rampupMs }: NodeRingMember) {
  return { target: target.name, weight, ident, ...(rampupMs === undefined ? {} : { rampupMs }) };
}

function throwIf(director: string, mistake: string | undefined): void {
  if (mistake !== undefined) throw invalid(`director ${director}: ${mistake}`);
}

function invalid(message: string): TroupeError {
  return new TroupeError('config.invalid', message, { side: 'troupe' });
}
