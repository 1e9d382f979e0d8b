/** The vmods that come with Troupe, by the names that programs import them by. */
import type { Vmod } from '../vmod.ts';
import { directors } from './directors.ts';
import { peer } from './peer.ts';
import { purge } from './purge.ts';
import { saintmode } from './saintmode.ts';
import { std } from './std.ts';

export const knownVmods: ReadonlyMap<string, Vmod> = new Map(
  [std, directors, saintmode, peer, purge].map((vmod) => [vmod.name, vmod]),
);
