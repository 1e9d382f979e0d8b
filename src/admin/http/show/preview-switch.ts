/** What using a config would change, as things are: the dry run of `use`. */
import type { BackendContext } from '../../../actors/backend.ts';
import { elect, withDeclaration } from '../../../actors/election.ts';
import { TroupeError } from '../../../errors.ts';
import { isUsable } from '../../../snapshot.ts';
import type { ControlPlane } from '../../../streams/control-plane.ts';
import type { Switch } from '../schema/config-schema.ts';
import { activeConfig, configNamed, type LoadedConfigView } from './known-backends.ts';
import { healthOf } from './show-backends.ts';
import { sickDirectors } from './show-directors.ts';

/** @throws TroupeError `command.unknown-config`, `command.config-not-ready`: as `use` would */
export function previewSwitch(control: ControlPlane, name: string): Switch {
  const next = configNamed(control, name);
  if (next.state === 'loading' || next.state === 'cold') {
    const message = `Config "${name}" is ${next.state}: it can be used when it is warm.`;
    throw new TroupeError('command.config-not-ready', message, { side: 'troupe' });
  }
  const before = activeConfig(control);
  const ofNext = new Set(next.description?.backends.map(({ identity }) => identity));
  const ofBefore = new Set(before?.description?.backends.map(({ identity }) => identity));
  return {
    config: name,
    ...(before !== undefined && { before: before.name }),
    done: false,
    newIdentities: [...ofNext].filter((identity) => !ofBefore.has(identity)),
    oldIdentities: [...ofBefore].filter((identity) => !ofNext.has(identity)),
    pollersThatMove: pollersThatMove(control, next),
    sickBackends: sickBackends(control, next),
    sickDirectors: sickDirectors(control, next),
  };
}

/** The election that each backend would hold, held beforehand by the same function. */
function pollersThatMove(control: ControlPlane, { key, description }: LoadedConfigView) {
  return (description?.backends ?? []).flatMap(({ identity, probe, hostHeader }) => {
    const context: BackendContext | undefined = control.registry.snapshot('backend', identity)?.context;
    if (context === undefined) return [];
    const from = context.elected?.config;
    const declarations = withDeclaration(context.declarations, {
      config: key,
      probe,
      hostHeader,
      active: true,
    });
    const to = elect(declarations, from)?.config;
    if (to === undefined || to === from) return [];
    return { identity, ...(from !== undefined && { from }), to };
  });
}

function sickBackends(control: ControlPlane, { description }: LoadedConfigView) {
  const { health } = control.snapshot();
  return (description?.backends ?? []).flatMap(({ identity, probe }) => {
    const published = health.get(identity);
    if (isUsable(published, probe !== undefined)) return [];
    return { identity, health: healthOf(control, identity), override: published?.override ?? 'auto' };
  });
}
