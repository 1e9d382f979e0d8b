/**
 * random: each member with a probability of its weight over the weights of all healthy members.
 * Meaning: vmod_directors(3). varnishd draws 31 bits; given the same number, it picks the same member.
 */
import type { Member, Policy } from './policy.ts';
import type { Refusals } from './refusals.ts';
import { WeightTable } from './weight-table.ts';

export function random(members: readonly Member[], refusals?: Refusals): Policy {
  const table = new WeightTable(members, refusals);
  return { pick: (request) => table.pick(request.random(), request) };
}
