/**
 * What the supervisor decides on a command: a pure function from what is loaded to what changes and what is
 * said. Refusals follow varnish-cli(7), where they are status 106 and 300.
 */
import { type ConfigKey, configKeyOf } from '../config-key.ts';
import type { ErrorCode } from '../errors.ts';
import type { ConfigEntry, SupervisorCommand, SupervisorContext, SupervisorEmitted } from './supervisor.ts';

export interface Decision {
  readonly changes: Partial<SupervisorContext>;
  readonly emitted: readonly SupervisorEmitted[];
}

type Configs = SupervisorContext['configs'];

/** Names are an operator's: `constructor` is one like any other. */
function entryOf(configs: Configs, name: string): ConfigEntry | undefined {
  return Object.hasOwn(configs, name) ? configs[name] : undefined;
}

function refuse(id: string, code: ErrorCode, message: string): Decision {
  return { changes: {}, emitted: [{ type: 'command.refused', id, code, message }] };
}

function unknownConfig(id: string, name: string, configs: Configs): Decision {
  const names = Object.keys(configs);
  const known = names.length === 0 ? 'none is loaded' : `loaded are: ${names.join(', ')}`;
  return refuse(id, 'command.unknown-config', `There is no config named "${name}"; ${known}.`);
}

function withEntry(configs: Configs, name: string, changes: Partial<ConfigEntry>): Configs {
  const entry = entryOf(configs, name);
  return entry === undefined ? configs : { ...configs, [name]: { ...entry, ...changes } };
}

function withoutEntry(configs: Configs, name: string): Configs {
  const { [name]: _, ...others } = configs;
  return others;
}

/** A name stands in commands between spaces, in URLs, and before the dot of `NAME.backend`. */
const legalName = /^\w[\w-]{0,127}$/;

function load(context: SupervisorContext, id: string, name: string): Decision {
  if (typeof name !== 'string' || !legalName.test(name)) {
    const rule = 'use up to 128 letters, digits, _ and -, and no - first';
    return refuse(id, 'command.illegal-name', `No config can be named ${JSON.stringify(name)}: ${rule}.`);
  }
  if (entryOf(context.configs, name) !== undefined) {
    const advice = 'discard it first, or choose another name';
    return refuse(id, 'command.name-taken', `A config named "${name}" is loaded already: ${advice}.`);
  }
  const loadings = context.loadings + 1;
  const key = configKeyOf(name, loadings);
  const { drainTimeoutMs } = context;
  return {
    changes: { loadings, configs: { ...context.configs, [name]: { key, state: 'loading', waiting: id } } },
    emitted: [{ type: 'config.wanted', key, name, drainTimeoutMs }],
  };
}

function use(context: SupervisorContext, id: string, name: string): Decision {
  const { configs } = context;
  const entry = entryOf(configs, name);
  if (entry === undefined) return unknownConfig(id, name, configs);
  switch (entry.state) {
    case 'loading':
      return refuse(
        id,
        'command.config-not-ready',
        `Config "${name}" is still loading: try again when it is warm.`,
      );
    case 'cold':
      return refuse(
        id,
        'command.config-not-ready',
        `Config "${name}" is cold: set its state to warm or auto first.`,
      );
    case 'active':
      return { changes: {}, emitted: [{ type: 'command.done', id }] };
    case 'warm': {
      const before = Object.entries(configs).find(([, one]) => one.state === 'active');
      const emitted: SupervisorEmitted[] = [];
      let after = withEntry(configs, name, { state: 'active' });
      if (before !== undefined) {
        after = withEntry(after, before[0], { state: 'warm' });
        emitted.push({ type: 'config.deactivate', key: before[1].key });
      }
      emitted.push({ type: 'config.used', key: entry.key, name });
      emitted.push({ type: 'config.activate', key: entry.key });
      emitted.push({ type: 'command.done', id });
      return { changes: { configs: after }, emitted };
    }
    default:
      return entry.state satisfies never;
  }
}

function setState(context: SupervisorContext, id: string, name: string, state: 'warm' | 'cold'): Decision {
  const { configs } = context;
  const entry = entryOf(configs, name);
  if (entry === undefined) return unknownConfig(id, name, configs);
  if (entry.state === 'loading') {
    return refuse(
      id,
      'command.config-not-ready',
      `Config "${name}" is still loading: try again when it is warm.`,
    );
  }
  if (entry.state === 'active' && state === 'cold') {
    return refuse(id, 'command.config-in-use', `Config "${name}" is active: use another one first.`);
  }
  if (entry.state === 'active' || entry.state === state) {
    return { changes: {}, emitted: [{ type: 'command.done', id }] };
  }
  if (state === 'warm') {
    return {
      changes: { configs: withEntry(configs, name, { state: 'loading', waiting: id }) },
      emitted: [{ type: 'config.warm', key: entry.key }],
    };
  }
  return {
    changes: { configs: withEntry(configs, name, { state }) },
    emitted: [
      { type: 'config.cool', key: entry.key },
      { type: 'command.done', id },
    ],
  };
}

function discard(context: SupervisorContext, id: string, name: string): Decision {
  const { configs, leaving } = context;
  const entry = entryOf(configs, name);
  if (entry === undefined) return unknownConfig(id, name, configs);
  if (entry.state === 'active') {
    return refuse(
      id,
      'command.config-in-use',
      `Config "${name}" is active: use another one before you discard it.`,
    );
  }
  if (entry.state === 'loading') {
    return refuse(
      id,
      'command.config-not-ready',
      `Config "${name}" is still loading: discard it when it is warm.`,
    );
  }
  return {
    changes: { configs: withoutEntry(configs, name), leaving: [...leaving, entry.key] },
    emitted: [
      { type: 'config.discard', key: entry.key },
      { type: 'command.done', id },
    ],
  };
}

/** What a command leads to while the proxy runs. */
export function decide(context: SupervisorContext, command: SupervisorCommand): Decision {
  switch (command.type) {
    case 'config.load':
      return load(context, command.id, command.name);
    case 'config.use':
      return use(context, command.id, command.name);
    case 'config.set-state':
      return setState(context, command.id, command.name, command.state);
    case 'config.discard':
      return discard(context, command.id, command.name);
    case 'proxy.stop':
      return stop(context, command.id);
    default:
      return command satisfies never;
  }
}

/** What a command leads to once the proxy is stopping. */
export function refuseStopping(command: SupervisorCommand): Decision {
  return refuse(command.id, 'command.stopping', 'Troupe is stopping and takes no more commands.');
}

/** Discards everything; what is still loading is discarded when it is ready. */
function stop(context: SupervisorContext, id: string): Decision {
  const emitted: SupervisorEmitted[] = [];
  const leaving: ConfigKey[] = [...context.leaving];
  let configs: Configs = {};
  for (const [name, entry] of Object.entries(context.configs)) {
    if (entry.state === 'loading') {
      configs = { ...configs, [name]: entry };
      continue;
    }
    if (entry.state === 'active') emitted.push({ type: 'config.deactivate', key: entry.key });
    emitted.push({ type: 'config.discard', key: entry.key });
    leaving.push(entry.key);
  }
  return { changes: { configs, leaving, stopWaiting: id }, emitted };
}

/**
 * All of a config is known: whoever loaded it or warmed it up gets the answer, so that a switch that follows
 * finds its health published. When stopping, it goes again at once.
 */
export function onReady(
  context: SupervisorContext,
  key: ConfigKey,
  name: string,
  stopping: boolean,
): Decision {
  const entry = entryOf(context.configs, name);
  if (entry?.key !== key || entry.state !== 'loading') return { changes: {}, emitted: [] };
  const emitted: SupervisorEmitted[] = [];
  if (stopping) {
    if (entry.waiting !== undefined) {
      const message = `Config "${name}" is warm, but Troupe is stopping.`;
      emitted.push({ type: 'command.refused', id: entry.waiting, code: 'command.stopping', message });
    }
    emitted.push({ type: 'config.discard', key });
    const leaving = [...context.leaving, key];
    return { changes: { configs: withoutEntry(context.configs, name), leaving }, emitted };
  }
  if (entry.waiting !== undefined) emitted.push({ type: 'command.done', id: entry.waiting });
  const configs = withEntry(context.configs, name, { state: 'warm', waiting: undefined });
  return { changes: { configs }, emitted };
}

/** A config could not be loaded: its loader is told why, and its name is free again. */
export function onFailed(
  context: SupervisorContext,
  key: ConfigKey,
  name: string,
  failure: { readonly code: ErrorCode; readonly message: string },
): Decision {
  const entry = entryOf(context.configs, name);
  if (entry?.key !== key) return { changes: {}, emitted: [] };
  const emitted: SupervisorEmitted[] =
    entry.waiting === undefined ? [] : [{ type: 'command.refused', id: entry.waiting, ...failure }];
  return { changes: { configs: withoutEntry(context.configs, name) }, emitted };
}
