/**
 * Waits until every probed backend of a config has had its first verdict, so that a switch to it does not
 * begin with a burst of 503 from backends that are merely unknown. Nobody waits longer than a probe may take, and nobody
 * for a backend that its `initial` has healthy from the start, or that one good probe does not make so.
 */
import type { Clock } from './clock.ts';
import type { ProbeDeclaration } from './config/declaration.ts';
import type { Snapshot } from './snapshot.ts';
import type { ControlPlane } from './streams/control-plane.ts';

/** @param name a config that is loaded and warm */
export async function firstVerdicts(control: ControlPlane, name: string, clock: Clock): Promise<void> {
  const key = control.configs().find((config) => config.name === name)?.key;
  const description = key === undefined ? undefined : control.description(key);
  const probed = (description?.backends ?? []).filter(
    ({ probe }) => probe !== undefined && isDecidedByOne(probe),
  );
  if (probed.length === 0) return;
  const isUnknown = ({ health }: Snapshot) =>
    probed.some(({ identity }) => (health.get(identity)?.polled ?? 'unprobed') === 'unprobed');
  const longestMs = Math.max(...probed.map(({ probe }) => probe?.timeoutMs ?? 0));
  await new Promise<void>((resolve) => {
    const cancel = clock.after(longestMs, () => done());
    const watching = control.snapshots$.subscribe((snapshot) => {
      if (!isUnknown(snapshot)) done();
    });
    function done(): void {
      cancel();
      resolve();
      // The first snapshot comes within subscribe(), before there is a subscription to end.
      queueMicrotask(() => watching.unsubscribe());
    }
  });
}

function isDecidedByOne({ initial, threshold }: ProbeDeclaration): boolean {
  return initial < threshold && initial + 1 >= threshold;
}
