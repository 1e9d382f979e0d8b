/** The operator of a simulated world: loads copies of the config, uses and discards them, and sets health by hand. */

import { firstVerdicts } from '../first-verdicts.ts';
import type { Identity } from '../identity.ts';
import type { LoadedSource, World } from '../simulation/world.ts';
import type { Override } from '../snapshot.ts';
import type { CommandRecord } from './run.ts';
import type { Operation } from './scenario.ts';

export interface OperatorOptions {
  readonly world: World;
  /** The next copy of the config; undefined: there are no more. */
  readonly nextCopy: () => LoadedSource | undefined;
  /** Who has that name in the config. */
  readonly identityOf: (backend: string) => Identity | undefined;
  /** Milliseconds since the start. */
  readonly now: () => number;
  /** Called when a copy has been loaded. */
  readonly onLoaded: () => void;
}

export class Operator {
  readonly commands: CommandRecord[] = [];
  readonly #options: OperatorOptions;
  #copiesLoaded = 0;
  /** What is loaded, oldest first. */
  #loaded = ['boot'];
  #active = 'boot';

  constructor(options: OperatorOptions) {
    this.#options = options;
  }

  async operate(operation: Operation): Promise<void> {
    switch (operation.command) {
      case 'load':
        await this.#load();
        return;
      case 'use':
        await this.#use(this.#loaded.at(-1) ?? this.#active);
        return;
      case 'discard':
        await this.#discard(this.#loaded.find((name) => name !== this.#active));
        return;
      case 'reload':
        await this.#reload();
        return;
      case 'set-health':
        this.#setHealth(operation.backend, operation.health);
        return;
      default:
        operation satisfies never;
    }
  }

  async #reload(): Promise<void> {
    const { world } = this.#options;
    const before = this.#active;
    const name = await this.#load();
    if (name === undefined) return;
    await world.until(firstVerdicts(world.control, name, world.clock));
    await this.#use(name);
    await this.#discard(before);
  }

  /** @returns its name; undefined: it was refused */
  async #load(): Promise<string | undefined> {
    const { world, nextCopy, onLoaded } = this.#options;
    const copy = nextCopy();
    if (copy === undefined) return undefined;
    const name = `v${++this.#copiesLoaded}`;
    world.sources.set(name, copy);
    const isDone = await this.#command(`load ${name}`, world.control.load(name));
    if (isDone) this.#loaded.push(name);
    onLoaded();
    return isDone ? name : undefined;
  }

  async #use(name: string): Promise<void> {
    if (await this.#command(`use ${name}`, this.#options.world.control.use(name))) this.#active = name;
  }

  async #discard(name: string | undefined): Promise<void> {
    if (name === undefined) return;
    // The answer comes at the command; what is in flight on the config is waited for by nobody here.
    const isDone = await this.#command(`discard ${name}`, this.#options.world.control.discard(name));
    if (isDone) this.#loaded = this.#loaded.filter((one) => one !== name);
  }

  #setHealth(name: string, health: Override): void {
    const { identityOf, world, now } = this.#options;
    const identity = identityOf(name);
    if (identity === undefined) return;
    const at = now();
    const what = `set ${name} ${health}`;
    try {
      world.control.setHealth(identity, health);
      this.commands.push({ at, what, refusal: undefined });
    } catch (error) {
      this.commands.push({ at, what, refusal: messageOf(error) });
    }
  }

  async #command(what: string, answer: Promise<void>): Promise<boolean> {
    const { world, now } = this.#options;
    const at = now();
    try {
      await world.until(answer);
      this.commands.push({ at, what, refusal: undefined });
      return true;
    } catch (error) {
      this.commands.push({ at, what, refusal: messageOf(error) });
      return false;
    }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
