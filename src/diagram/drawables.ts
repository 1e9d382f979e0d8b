/** What a user's file has that can be drawn: a config, or XState machines that it exports. */
import type { AnyStateMachine } from 'xstate';
import { checkConfig } from '../config/check-config.ts';
import { combined } from '../config/combined-error.ts';
import type { Config } from '../config/config.ts';
import { configIn } from '../config/load-file.ts';
import { loadModule } from '../config/load-module.ts';
import { rehearseInit } from '../config/rehearse-init.ts';
import { TroupeError } from '../errors.ts';
import { configFigure } from './config-figure.ts';
import { graphSubject, machineSubject, type Subject } from './subject.ts';

/**
 * Loads a file and finds what it has. A module without machines is taken for a config, and its mistakes are told.
 *
 * @param name what the drawing of a config, or of a machine without a name, is to be called
 * @throws TroupeError what is wrong with the file
 */
export async function drawablesIn(file: string, name: string): Promise<Subject[]> {
  const loaded = await loadModule(file);
  const machines = Object.entries(loaded.namespace).filter((entry): entry is [string, AnyStateMachine] =>
    isMachine(entry[1]),
  );
  if (machines.length > 0) return named(machines, name).map(([id, machine]) => machineSubject(id, machine));
  if (!('default' in loaded.namespace)) throw nothingIn(loaded.file);
  return [graphSubject(configFigure(asItRuns(configIn(loaded)), name))];
}

/** With the members that its init hook adds. */
function asItRuns(config: Config): Config {
  const ready = rehearseInit(config);
  const { errors } = checkConfig(ready);
  if (errors.length > 0) throw combined(errors);
  return { ...ready, hooks: config.hooks };
}

/** A user's XState may be another copy than ours, so its class tells nothing. */
function isMachine(value: unknown): value is AnyStateMachine {
  if (typeof value !== 'object' || value === null) return false;
  return 'root' in value && 'config' in value && 'implementations' in value && 'getInitialSnapshot' in value;
}

/** By their ids, or, where two share one or it would not do for a file, by what they are exported as. */
function named(
  machines: readonly [exported: string, machine: AnyStateMachine][],
  fallback: string,
): [string, AnyStateMachine][] {
  const unique = [...new Map(machines.map(([exported, machine]) => [machine, exported]))];
  return unique.map(([machine, exported]) => {
    const isShared = unique.filter(([other]) => other.id === machine.id).length > 1;
    const isFileName = /^[\w-][\w.-]*$/.test(machine.id);
    const exportedAs = exported === 'default' ? fallback : exported;
    return [isShared || !isFileName ? exportedAs : machine.id, machine];
  });
}

function nothingIn(file: string): TroupeError {
  return new TroupeError('config.invalid', 'the file has neither a config nor an XState machine.', {
    side: 'troupe',
    place: { file, line: 1, column: 1 },
    advice:
      'Export one: export default defineConfig({ ... }), or export const door = createMachine({ ... }).',
  });
}
