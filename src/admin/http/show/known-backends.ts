/** All backends as an operator can name them: those that the loaded configs declare. */
import type { BackendContext } from '../../../actors/backend.ts';
import type { ConfigDescription } from '../../../config/declaration.ts';
import type { ConfigKey } from '../../../config-key.ts';
import { TroupeError } from '../../../errors.ts';
import type { Identity } from '../../../identity.ts';
import type { ControlPlane } from '../../../streams/control-plane.ts';
import { findBackend, findBackends, type KnownBackend } from '../../identity-pattern.ts';

export interface LoadedConfigView {
  readonly name: string;
  readonly key: ConfigKey;
  readonly state: 'loading' | 'warm' | 'cold' | 'active';
  readonly description: ConfigDescription | undefined;
}

/** The loaded configs with what they declare. */
export function loadedConfigs(control: ControlPlane): readonly LoadedConfigView[] {
  return control.configs().map(({ name, key, state }) => {
    return { name, key, state, description: control.description(key) };
  });
}

export function activeConfig(control: ControlPlane): LoadedConfigView | undefined {
  return loadedConfigs(control).find(({ state }) => state === 'active');
}

/** @throws TroupeError `command.unknown-config` */
export function configNamed(control: ControlPlane, name: string): LoadedConfigView {
  const configs = loadedConfigs(control);
  const config = configs.find((one) => one.name === name);
  if (config !== undefined) return config;
  const names = configs.map((one) => one.name).join(', ');
  const message = `There is no config named "${name}"; loaded are: ${names === '' ? 'none' : names}.`;
  throw new TroupeError('command.unknown-config', message, { side: 'troupe' });
}

/** Backends that there is an actor for, with the names of the configs that declare them. */
export function knownBackends(control: ControlPlane): readonly KnownBackend[] {
  const byIdentity = new Map<Identity, { name: string; configs: string[] }>();
  for (const { name: config, description } of loadedConfigs(control)) {
    for (const { identity, name } of description?.backends ?? []) {
      const known = byIdentity.get(identity);
      if (known === undefined) byIdentity.set(identity, { name, configs: [config] });
      else known.configs.push(config);
    }
  }
  const backends: KnownBackend[] = [];
  for (const id of control.registry.ids('backend')) {
    const identity = id as Identity;
    const declared = byIdentity.get(identity);
    const context: BackendContext | undefined = control.registry.snapshot('backend', id)?.context;
    // Of a retiring one no config is left; its name stands before the bracket.
    const name = declared?.name ?? identity.slice(0, identity.lastIndexOf('('));
    if (context !== undefined) {
      backends.push({ identity, name, addresses: context.addresses, configs: declared?.configs ?? [] });
    }
  }
  return backends;
}

/** @throws TroupeError `command.unknown-backend`, `command.ambiguous-backend` */
export function backendsNamed(control: ControlPlane, pattern: string): readonly KnownBackend[] {
  return findBackends(pattern, knownBackends(control), activeConfig(control)?.name);
}

/** @throws TroupeError `command.unknown-backend`, `command.ambiguous-backend` */
export function backendNamed(control: ControlPlane, pattern: string): KnownBackend {
  return findBackend(pattern, knownBackends(control), activeConfig(control)?.name);
}
