import { expect, test } from 'vitest';
import type { ListedMember } from '../../../src/admin/cli/listed-targets.ts';
import { shardDetails, shardDetailsInJson } from '../../../src/admin/cli/shard-details.ts';
import type { ShardDeclaration } from '../../../src/config/shard-declaration.ts';

const shard: ShardDeclaration = { kind: 'shard', replicas: 67, warmup: 0.25, rampupMs: 40_000, choice: {} };

function member(ident: string, more: Partial<ListedMember> = {}): ListedMember {
  return { name: 'b1', weight: 1, isHealthy: true, ident, rampupMs: undefined, changedAt: 990, ...more };
}

const members = [
  member('young'),
  member('own', { rampupMs: 20_000 }),
  member('none', { rampupMs: 0 }),
  member('old', { changedAt: 900 }),
  member('unknown', { changedAt: undefined }),
  member('down', { isHealthy: false }),
];

test('tells how far each member has come since it became healthy', () => {
  expect(shardDetails(shard, members, 1_000)).toEqual([
    ['', 'Backend', 'Ident', 'Health', 'Rampup  Remaining'],
    ['', 'b1', 'young', 'healthy', ' 25.00%   30.000s'],
    ['', 'b1', 'own', 'healthy', ' 50.00%   10.000s'],
    ['', 'b1', 'none', 'healthy', '100.00%    0.000s'],
    ['', 'b1', 'old', 'healthy', '100.00%    0.000s'],
    ['', 'b1', 'unknown', 'healthy', '100.00%    0.000s'],
    ['', 'b1', 'down', 'sick', '  0.00%    0.000s'],
  ]);
});

test('tells the same in JSON, with what the director has by default', () => {
  expect(JSON.parse(shardDetailsInJson(shard, members.slice(1, 2), 1_000))).toEqual({
    warmup: 0.25,
    rampup_duration: 40,
    backends: { b1: { ident: 'own', health: 'healthy', rampup: 0.5, rampup_remaining: 10 } },
  });
});
