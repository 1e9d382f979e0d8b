/** Actors, for people who look: the state of each, and its last steps. */
import type { ControlPlane } from '../../../streams/control-plane.ts';
import type { ActorKind } from '../../../streams/routes.ts';
import { type Actor, actorKinds } from '../schema/actor-schema.ts';
import type { TransitionRecord } from '../transition-record.ts';

export interface ActorAddress {
  readonly kind: ActorKind;
  readonly id: string;
}

/** All actors, kind by kind; `kind` and `id` leave out the others. */
export function actorAddresses(
  { registry }: ControlPlane,
  kind: ActorKind | undefined,
  id: string | undefined,
): readonly ActorAddress[] {
  const addresses: ActorAddress[] = [];
  for (const one of kind === undefined ? actorKinds : [kind]) {
    if (id === undefined) for (const each of registry.ids(one)) addresses.push({ kind: one, id: each });
    else if (registry.snapshot(one, id) !== undefined) addresses.push({ kind: one, id });
  }
  return addresses;
}

export function showActor(
  { registry }: ControlPlane,
  record: TransitionRecord,
  { kind, id }: ActorAddress,
): Actor | undefined {
  const snapshot = registry.snapshot(kind, id);
  return snapshot && { kind, id, state: snapshot.value as Actor['state'], transitions: record.of(kind, id) };
}
