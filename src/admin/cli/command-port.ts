/**
 * The port of the command line: `-T`. Whoever knows the secret is served for as long as he likes; of strangers there
 * are only so many, and the one that has waited longest gives way to the next.
 */
import type { Socket } from 'node:net';
import type { SocketAddress } from '../../proxy/http/exchange.ts';
import type { ParameterSet } from '../parameters/parameter-set.ts';
import { settingsOf } from '../parameters/settings-of.ts';
import { busynessOf } from './busyness.ts';
import { CliSession } from './cli-session.ts';
import type { CliStage, Commanded } from './cli-stage.ts';
import { CommandTurns } from './command-turns.ts';
import { commands, openCommands } from './commands.ts';
import { Entrance } from './entrance.ts';
import { Newcomers } from './newcomers.ts';
import { Refusals, type TellRefused } from './refusals.ts';
import { readSecret } from './secret.ts';

/** Connections that have not authenticated. */
const MOST_STRANGERS = 64;
/** Milliseconds that a connection takes besides, from its beginning to its end, in node and in the kernel. */
const CONNECTION_MS = 0.1;

export interface CommandPort {
  readonly addresses: readonly SocketAddress[];
  /** Cuts all connections. */
  close(): Promise<void>;
}

export interface CommandPortOptions {
  readonly where: readonly { readonly host: string; readonly port: number }[];
  /** Path of the secret file; undefined: everybody is trusted. */
  readonly secretFile: string | undefined;
  /** What `param.set` sets; the proxy follows. */
  readonly parameters: ParameterSet;
  /** Told of those who gave a wrong answer to the challenge; a line a second, if they are many. */
  readonly onRefused?: TellRefused | undefined;
  /** Told of what goes wrong later. */
  readonly onFault?: ((error: unknown, where: string) => void) | undefined;
}

/** @throws TroupeError `troupe.listen-failed` */
export async function openCommandPort(
  operated: Commanded,
  options: CommandPortOptions,
): Promise<CommandPort> {
  const port = new ListeningPort(stageOf(operated, options.parameters), options);
  await port.listen();
  return port;
}

function stageOf(operated: Commanded, parameters: ParameterSet): CliStage {
  parameters.onChange = () => operated.adjust(settingsOf(parameters));
  const { shelf } = operated;
  return { operated, shelf, parameters };
}

class ListeningPort implements CommandPort {
  readonly #stage: CliStage;
  readonly #options: CommandPortOptions;
  readonly #turns: CommandTurns;
  readonly #entrance: Entrance;
  readonly #sessions = new Set<CliSession>();
  readonly #newcomers: Newcomers;
  readonly #refusals: Refusals;

  constructor(stage: CliStage, options: CommandPortOptions) {
    this.#stage = stage;
    this.#options = options;
    const { clock } = stage.operated;
    this.#turns = new CommandTurns(clock, busynessOf(clock));
    this.#newcomers = new Newcomers(clock.now());
    this.#refusals = new Refusals(clock, options.onRefused ?? (() => {}));
    this.#entrance = new Entrance({
      clock,
      onSocket: (socket) => this.#accept(socket),
      onLost: (error) => options.onFault?.(error, 'the command line'),
    });
  }

  get addresses(): readonly SocketAddress[] {
    return this.#entrance.addresses;
  }

  async listen(): Promise<void> {
    try {
      for (const where of this.#options.where) await this.#entrance.listen(where);
    } catch (error) {
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    this.#entrance.close();
    this.#turns.close();
    this.#refusals.close();
    await Promise.all([...this.#sessions].map((session) => session.destroy()));
  }

  #accept(socket: Socket): void {
    const { clock } = this.#stage.operated;
    const start = clock.now();
    this.#makeRoom();
    const pauseMs = this.#newcomers.take(start);
    if (pauseMs > 0) this.#entrance.shutFor(pauseMs);
    const { secretFile } = this.#options;
    const client = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const session: CliSession = new CliSession({
      socket,
      stage: this.#stage,
      turns: this.#turns,
      commands,
      openCommands,
      secret: secretFile === undefined ? undefined : () => readSecret(secretFile),
      onKnown: () => this.#newcomers.giveBack(),
      onClosed: () => this.#sessions.delete(session),
      onRefused: () => this.#refusals.add(client),
    });
    this.#sessions.add(session);
    this.#turns.charge(CONNECTION_MS + clock.now() - start);
  }

  #makeRoom(): void {
    let strangers = 0;
    let oldest: CliSession | undefined;
    for (const session of this.#sessions) {
      if (session.isTrusted) continue;
      oldest ??= session;
      strangers++;
    }
    if (strangers >= MOST_STRANGERS) void oldest?.destroy();
  }
}
