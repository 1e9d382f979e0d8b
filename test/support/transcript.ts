/** A story as text: the commands, and every message that they lead to, with its time. */
import type { Message } from '../../src/streams/bus.ts';
import type { ControlWorld } from './control-world.ts';

/** What a reader of a story does not need in full. */
const brief: Record<string, (value: unknown) => unknown> = {
  addresses: () => undefined,
  hostHeader: () => undefined,
  probe: (probe) => (probe as { url?: string } | undefined)?.url,
  description: (described) => `${(described as { backends: unknown[] }).backends.length} backends`,
  members: (members) => (members as { target: string }[]).map(({ target }) => target),
  policy: (policy) => (policy as { kind: string }).kind,
  said: (said) => (said as { type: string }[]).map(({ type }) => type),
  result: (result) => (result as { reason: string }).reason,
  conclusion: (conclusion) => (conclusion as { good: number }).good,
};

function show(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(show).join(' ')}]`;
  return typeof value === 'string' && /\s/.test(value) ? JSON.stringify(value) : String(value);
}

function detailsOf({ event, fromId, toId }: Message): string {
  return Object.entries(event)
    .filter(([key, value]) => key !== 'type' && value !== undefined && value !== fromId && value !== toId)
    .map(([key, value]) => [key, brief[key] === undefined ? value : brief[key](value)] as const)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${show(value)}`)
    .join('');
}

const named = (kind: string, id: string | undefined) => (id === undefined ? kind : `${kind} ${id}`);

export class Transcript {
  readonly #lines: string[] = [];
  readonly #world: ControlWorld;

  constructor(world: ControlWorld) {
    this.#world = world;
    world.control.messages$.subscribe((message) => {
      const { at, from, fromId, to, toId, event } = message;
      const way =
        from === to && fromId === toId ? named(to, toId) : `${named(from, fromId)} -> ${named(to, toId)}`;
      this.#lines.push(`${String(at).padStart(7)}  ${way}: ${event.type}${detailsOf(message)}`);
    });
  }

  /** Does something, under a headline of its own. What the data planes are told meanwhile is written last. */
  async step(headline: string, act: () => unknown): Promise<void> {
    this.#lines.push('', `> ${headline}`);
    const before = this.#world.deltas.length;
    await act();
    for (const { version, active, health, retired } of this.#world.deltas.slice(before)) {
      const parts = [
        active === undefined ? '' : ` active=${active}`,
        ...[...health].map(
          ([identity, { polled, passing, override }]) =>
            ` ${identity}=${polled}${passing ? ',passing' : ''}${override === 'auto' ? '' : `,${override}`}`,
        ),
        retired.length === 0 ? '' : ` retired=${show(retired)}`,
      ];
      const what = parts.join('');
      if (what !== '') this.#lines.push(`  delta ${version}:${what}`);
    }
  }

  text(): string {
    return `${this.#lines.join('\n').trim()}\n`;
  }
}
