/** Configs, for people who look. */
import type { SupervisorContext } from '../../../actors/supervisor.ts';
import type { ControlPlane } from '../../../streams/control-plane.ts';
import { SUPERVISOR } from '../../../streams/routes.ts';
import type { Configs } from '../schema/config-schema.ts';
import { loadedConfigs } from './known-backends.ts';

export function showConfigs(control: ControlPlane): Configs {
  const configs = loadedConfigs(control).map(({ name, key, state, description }) => ({
    name,
    key,
    state,
    backends: description?.backends.length ?? 0,
    directors: description?.directors.length ?? 0,
    saintmodes: description?.saintmodes.length ?? 0,
  }));
  const active = configs.find(({ state }) => state === 'active')?.name;
  const supervisor: SupervisorContext | undefined = control.registry.snapshot(
    'supervisor',
    SUPERVISOR,
  )?.context;
  return { ...(active !== undefined && { active }), configs, leaving: [...(supervisor?.leaving ?? [])] };
}
