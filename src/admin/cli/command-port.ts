/**
 * The port of the command line: `-T`. Whoever knows the secret is served for as long as he likes; of strangers there
 * are only so many, and the one that has waited longest gives way to the next.
 */
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import type { SocketAddress } from '../../proxy/http/exchange.ts';
import { listenError } from '../../proxy/listener/listen-error.ts';
import type { ParameterSet } from '../parameters/parameter-set.ts';
import { settingsOf } from '../parameters/settings-of.ts';
import { BanList } from './ban-list.ts';
import { CliSession } from './cli-session.ts';
import type { CliStage, Commanded } from './cli-stage.ts';
import { CommandTurns } from './command-turns.ts';
import { commands, openCommands } from './commands.ts';
import { Newcomers } from './newcomers.ts';
import { Refusals, type TellRefused } from './refusals.ts';
import { readSecret } from './secret.ts';

/** Connections that have not authenticated. */
const MOST_STRANGERS = 64;
const MOST_CONNECTIONS = 512;

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
  return { operated, shelf, parameters, bans: new BanList(operated.clock.wallNow() / 1_000) };
}

class ListeningPort implements CommandPort {
  readonly #stage: CliStage;
  readonly #options: CommandPortOptions;
  readonly #turns: CommandTurns;
  readonly #servers: Server[] = [];
  readonly #sessions = new Set<CliSession>();
  readonly #newcomers: Newcomers;
  readonly #refusals: Refusals;
  #cancelOpening: (() => void) | undefined;

  constructor(stage: CliStage, options: CommandPortOptions) {
    this.#stage = stage;
    this.#options = options;
    const { clock } = stage.operated;
    this.#turns = new CommandTurns(clock);
    this.#newcomers = new Newcomers(clock.now());
    this.#refusals = new Refusals(clock, options.onRefused ?? (() => {}));
  }

  get addresses(): readonly SocketAddress[] {
    return this.#servers.map((server) => {
      const { address, port } = server.address() as AddressInfo;
      return { address, port };
    });
  }

  async listen(): Promise<void> {
    for (const where of this.#options.where) {
      const server = createServer({ noDelay: true, keepAlive: true }, (socket) => this.#accept(socket));
      server.maxConnections = MOST_CONNECTIONS;
      try {
        server.listen(where);
        await once(server, 'listening');
      } catch (error) {
        await this.close();
        throw listenError(error as Error, where);
      }
      // What the listener meets later, such as too many open files, passes.
      server.on('error', () => {});
      this.#servers.push(server);
    }
  }

  async close(): Promise<void> {
    this.#turns.close();
    this.#refusals.close();
    this.#cancelOpening?.();
    const closed = this.#servers.map((server) => once(server.close(), 'close'));
    for (const session of this.#sessions) session.destroy();
    await Promise.all(closed);
  }

  #accept(socket: Socket): void {
    this.#makeRoom();
    const { clock } = this.#stage.operated;
    const pauseMs = this.#newcomers.take(clock.now());
    if (pauseMs > 0) this.#turnAway(pauseMs);
    const { secretFile } = this.#options;
    const client = { address: socket.remoteAddress ?? '', port: socket.remotePort ?? 0 };
    const session: CliSession = new CliSession({
      socket,
      stage: this.#stage,
      turns: this.#turns,
      commands,
      openCommands,
      secret: secretFile === undefined ? undefined : () => readSecret(secretFile),
      onClosed: () => this.#sessions.delete(session),
      onRefused: () => this.#refusals.add(client),
    });
    this.#sessions.add(session);
  }

  /** Node closes what comes meanwhile before anything is made of it. */
  #turnAway(ms: number): void {
    this.#limitTo(1);
    this.#cancelOpening?.();
    this.#cancelOpening = this.#stage.operated.clock.after(ms, () => this.#limitTo(MOST_CONNECTIONS));
  }

  #limitTo(connections: number): void {
    for (const server of this.#servers) server.maxConnections = connections;
  }

  #makeRoom(): void {
    let strangers = 0;
    let oldest: CliSession | undefined;
    for (const session of this.#sessions) {
      if (session.isTrusted) continue;
      oldest ??= session;
      strangers++;
    }
    if (strangers >= MOST_STRANGERS) oldest?.destroy();
  }
}
