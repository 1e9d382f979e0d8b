/**
 * pipe: the request goes to a backend as it is, and from then on bytes go both ways untouched, until both
 * ends have closed. As in varnishd, `Connection: close` tells the backend that nothing follows, unless the
 * hook says otherwise (an upgrade: `bereq.http.set('Connection', 'upgrade')`).
 *
 *   begin -> pipe -> connect --(connected)--> the owner's tunnel
 */
import type { Duplex } from 'node:stream';
import type { Synth } from '../../config/hooks.ts';
import { TroupeError } from '../../errors.ts';
import type { Lease } from '../directors/lease.ts';
import type { BackendTarget } from '../directors/target.ts';
import { tellFailure } from './backend-failure.ts';
import { BackendPick, type PickReceiver } from './backend-pick.ts';
import { preambleFor } from './backend-preamble.ts';
import type { BackendRecord } from './backend-record.ts';
import { type AskedBackend, describeTry } from './backend-try.ts';
import { type HookOwner, PipeSideContext } from './contexts.ts';
import { hookRules } from './hook-rules.ts';
import { illegalFields, illegalRequestLine } from './message-check.ts';
import { BackendMessage } from './messages.ts';
import { storyOf } from './request-story.ts';
import { hookLeft, runHook } from './run-hook.ts';

/** The client side, which is told of one of these, once. */
export interface PipeClient extends HookOwner {
  /** Nothing is connected, so the client is owed a response, or with `closed` the end of its connection. */
  pipeRefused(next: 'failed' | 'closed' | Synth): void;
  /** The request's head is on its way; the connection is the owner's from now on. */
  pipeConnected(backend: Duplex, record: BackendRecord): void;
}

export class Pipe implements PickReceiver {
  readonly #owner: PipeClient;
  readonly #bereq: BackendMessage;
  /** Where the pipe counts as in flight. */
  #record: BackendRecord | undefined;
  /** What the pick holds with directors, for as long. */
  #lease: Lease | undefined;
  readonly #pick: BackendPick;
  /** undefined until a backend was found. */
  #asked: (AskedBackend & { connectMs: number | undefined }) | undefined;
  #isUntold = false;
  /** Among the open pipes. */
  #isCounted = false;
  /** What ends the connecting. */
  #cancel: (() => void) | undefined;

  constructor(owner: PipeClient) {
    this.#owner = owner;
    this.#bereq = new BackendMessage(
      owner.req,
      owner.loaded.manners.askPiped(owner.req, owner.exchange.version),
      owner.exchange.body !== undefined,
      owner.environment.nextXid(),
    );
    this.#pick = new BackendPick(owner, this.#bereq, this);
  }

  begin(): void {
    const refusal = this.#ask() ?? this.#enter() ?? this.#pickBackend();
    if (refusal !== undefined) this.#owner.pipeRefused(refusal);
  }

  picked(outcome: BackendTarget | TroupeError): void {
    const refusal = this.#take(outcome);
    if (refusal !== undefined) this.#owner.pipeRefused(refusal);
  }

  /** As in `BackendFetch`. */
  remember(givenUp: string | undefined, error?: TroupeError): void {
    if (!this.#isUntold) return;
    this.#isUntold = false;
    const outcome = { givenUp, error, deniedForMs: 0 };
    storyOf(this.#owner)?.tries.push(describeTry(this.#owner, this.#pick, this.#asked, outcome));
  }

  /** Ends it, if it is still connecting. The owner is not told. */
  cut(): void {
    this.#pick.abort();
    this.#release();
    this.#cancel?.();
  }

  /** Asks the hook; undefined if the pipe may be opened. */
  #ask(): 'failed' | Synth | undefined {
    const owner = this.#owner;
    const { pipe } = owner.loaded.config.hooks;
    if (pipe !== undefined) {
      const action = runHook(owner, hookRules.pipe, pipe, new PipeSideContext(owner, this.#bereq));
      if (action !== 'pipe') return action === 'fail' ? 'failed' : action;
    }
    const { method, url, http } = this.#bereq;
    const mistake = illegalRequestLine(method, url) ?? illegalFields(http);
    if (mistake === undefined) return undefined;
    hookLeft(owner, 'pipe', `left a request that cannot be sent: ${mistake}`);
    return 'failed';
  }

  #enter(): 'failed' | undefined {
    const { limits, traffic } = this.#owner.environment;
    if (limits.mostPipes > 0 && traffic.openPipes >= limits.mostPipes) {
      const message = `there are ${limits.mostPipes} pipes already, which is pipe_sess_max`;
      storyOf(this.#owner)?.fail({ message });
      return 'failed';
    }
    traffic.openPipes++;
    this.#isCounted = true;
    return undefined;
  }

  #pickBackend(): 'closed' | Synth | undefined {
    this.#isUntold = true;
    const outcome = this.#pick.resolve(this.#bereq.wanted);
    return outcome === undefined ? undefined : this.#take(outcome);
  }

  #take(outcome: BackendTarget | TroupeError): 'closed' | Synth | undefined {
    if (outcome instanceof TroupeError) return this.#unconnected(undefined, outcome);
    this.#connect(outcome);
    return undefined;
  }

  #connect(target: BackendTarget): void {
    const { environment } = this.#owner;
    const bereq = this.#bereq;
    bereq.asked = target.name;
    if (!bereq.http.has('Host')) bereq.http.append('Host', target.declaration.hostHeader);

    const record = environment.record(target.identity);
    record.begin();
    this.#record = record;
    this.#lease = this.#pick.takeLease();
    const sentAt = environment.clock.now();
    this.#asked = { target, sentAt, status: 0, connectMs: undefined };
    const timeoutMs = bereq.connectTimeoutMs ?? target.limits.connectTimeoutMs;
    this.#cancel = environment.transport.connect(target, timeoutMs, (error, connection) => {
      if (connection !== undefined) {
        this.#connected(connection, record);
      } else if (error !== undefined) {
        this.#lease?.failed(environment.clock.now() - sentAt);
        record.countFailure(error.code);
        this.#owner.pipeRefused(this.#unconnected(target, error));
      }
    });
  }

  #connected(backend: Duplex, record: BackendRecord): void {
    const asked = this.#asked;
    if (asked !== undefined) asked.connectMs = this.#owner.environment.clock.now() - asked.sentAt;
    this.#cancel = undefined;
    // What goes through the tunnel has no first byte to wait for.
    this.#lease?.unanswered(0);
    // It counts as in flight for as long as the connection lives, whoever has it.
    backend.once('close', () => this.#release());
    const preamble = asked && preambleFor(asked.target, this.#owner.exchange);
    if (preamble !== undefined) backend.write(preamble);
    backend.write(headOf(this.#bereq, this.#owner.exchange.version), 'latin1');
    this.#owner.pipeConnected(backend, record);
  }

  /** varnishd closes what it cannot connect: who wants a pipe may not speak HTTP. */
  #unconnected(target: BackendTarget | undefined, error: TroupeError): 'closed' | Synth {
    this.#release();
    tellFailure(this.#owner, this.#bereq, target, error);
    this.remember(error.code, error);
    return this.#owner.loaded.manners.kind === 'varnish' ? 'closed' : { synth: 503 };
  }

  #release(): void {
    const record = this.#record;
    this.#record = undefined;
    this.#lease?.release();
    record?.end();
    if (this.#isCounted) this.#owner.environment.traffic.openPipes--;
    this.#isCounted = false;
  }
}

/** @param version the client's: what is answered goes to it as it is */
function headOf(bereq: BackendMessage, version: '1.0' | '1.1'): string {
  let head = `${bereq.method} ${bereq.url} HTTP/${version}\r\n`;
  for (const [name, value] of bereq.http) head += `${name}: ${value}\r\n`;
  return `${head}\r\n`;
}
