/**
 * One probe over a real socket, step by step as varnishd's prober takes them (vbp_poke): connect, send the
 * request, read until the backend closes, and judge the status line, all within one timeout. Probes have
 * connections of their own: a pool's would say how busy the pool is, not how the backend is.
 */
import type { Socket } from 'node:net';
import type { ProbeDeclaration } from '../config/declaration.ts';
import { dial, type Route } from '../dial.ts';
import type { ProbeFlags, ProbeResult } from '../probe-result.ts';
import { proxyHeader } from '../proxy-header.ts';
import { describeSocketFailure } from '../socket-failure.ts';
import type { ProbeOrder } from './probes.ts';

/** Bytes of an answer that are kept: varnishd's, and enough for any status line that matters. */
const KEPT_BYTES = 128;

const noFlags: ProbeFlags = {
  goodIpv4: false,
  goodIpv6: false,
  goodUnix: false,
  goodXmit: false,
  errXmit: false,
  goodRecv: false,
  errRecv: false,
};

/** The bytes of a probe's request, as latin1. */
export function probeRequestText(probe: ProbeDeclaration, hostHeader: string): string {
  const lines = probe.request ?? [`GET ${probe.url} HTTP/1.1`, `Host: ${hostHeader}`, 'Connection: close'];
  return `${lines.join('\r\n')}\r\n\r\n`;
}

/**
 * Probes a backend once.
 *
 * @param done called exactly once, later, unless called off
 * @returns what calls the probe off: nothing is left open then. Harmless afterwards.
 */
export function probeOnce(order: ProbeOrder, done: (result: ProbeResult) => void): () => void {
  const running = new RunningProbe(order, done);
  return () => running.callOff();
}

function localOf({ localAddress = '', localPort = 0 }: Socket) {
  return { address: localAddress, port: localPort };
}

function remoteOf({ remoteAddress = '', remotePort = 0 }: Socket) {
  return { address: remoteAddress, port: remotePort };
}

class RunningProbe {
  readonly #probe: ProbeDeclaration;
  readonly #done: (result: ProbeResult) => void;
  readonly #startedAt = performance.now();
  readonly #hangUp: () => void;
  readonly #timer: NodeJS.Timeout;
  #socket: Socket | undefined;
  #isOver = false;
  #flags = noFlags;
  /** The answer's first bytes, as latin1. */
  #text = '';
  /** The last three characters before the newest piece: the end of a head may come in two. */
  #tail = '';

  constructor(order: ProbeOrder, done: (result: ProbeResult) => void) {
    const { addresses, probe, hostHeader } = order;
    this.#probe = probe;
    this.#done = done;
    // Timers come before sockets in the event loop: if this process was too slow for the limit, an answer
    // may be waiting to be read, and gets its turn first.
    this.#timer = setTimeout(() => setImmediate(() => this.#timedOut()), probe.timeoutMs);
    this.#hangUp = dial(addresses, { allowHalfOpen: false }, (outcome) => {
      if (outcome.socket === undefined) this.#end(`no connection: ${outcome.reason}`);
      else this.#ask(outcome.socket, outcome.route, probeRequestText(probe, hostHeader));
    });
  }

  callOff(): void {
    this.#isOver = true;
    clearTimeout(this.#timer);
    this.#hangUp();
    this.#socket?.destroy();
  }

  #ask(socket: Socket, route: Route, request: string): void {
    this.#socket = socket;
    this.#flags = {
      ...noFlags,
      goodIpv4: route === 'ipv4',
      goodIpv6: route === 'ipv6',
      goodUnix: route === 'unix',
    };
    socket.on('error', (error) => this.#broke(error));
    socket.on('data', (chunk: Buffer) => this.#received(chunk));
    socket.on('end', () => this.#judge());
    socket.on('close', () => this.#judge());
    const { proxyHeader: version } = this.#probe;
    if (version !== undefined) socket.write(proxyHeader(version, localOf(socket), remoteOf(socket)));
    socket.write(request, 'latin1', (error) => {
      if (error) this.#broke(error);
      else this.#flags = { ...this.#flags, goodXmit: true };
    });
  }

  #received(chunk: Buffer): void {
    if (this.#text.length < KEPT_BYTES) {
      this.#text += chunk.toString('latin1', 0, KEPT_BYTES - this.#text.length);
    }
    if (this.#probe.expectClose) return;
    const text = this.#tail + chunk.toString('latin1');
    if (text.includes('\r\n\r\n')) this.#judge();
    else this.#tail = text.slice(-3);
  }

  /** The answer is complete. */
  #judge(): void {
    if (this.#isOver) return;
    if (this.#text === '') {
      this.#end('empty answer');
      return;
    }
    this.#flags = { ...this.#flags, goodXmit: true, goodRecv: true };
    const statusLine = /^[^\r\n]*/.exec(this.#text)?.[0] ?? '';
    const status = /^HTTP\/\d+(?:\.\d+)? +(\d+)/.exec(statusLine)?.[1];
    if (status === undefined) this.#end(`not HTTP: ${statusLine}`);
    else if (Number(status) === this.#probe.expectedResponse) this.#end(statusLine, true);
    else this.#end(`status ${status} instead of ${this.#probe.expectedResponse}`);
  }

  #broke(error: Error): void {
    const { goodXmit } = this.#flags;
    this.#flags = { ...this.#flags, ...(goodXmit ? { errRecv: true } : { errXmit: true }) };
    this.#end(
      `${describeSocketFailure(error)} ${goodXmit ? 'while it answered' : 'while the request was sent'}`,
    );
  }

  #timedOut(): void {
    if (this.#isOver) return;
    const within = `within ${this.#probe.timeoutMs / 1000} s`;
    if (this.#socket === undefined) {
      this.#end(`no connection ${within}`);
      return;
    }
    this.#flags = { ...this.#flags, errRecv: true };
    if (this.#text === '') this.#end(`no answer ${within}`);
    else
      this.#end(
        this.#probe.expectClose ? `answered, but did not close ${within}` : `no whole head ${within}`,
      );
  }

  #end(reason: string, happy = false): void {
    if (this.#isOver) return;
    this.callOff();
    const responseTimeMs = this.#flags.goodRecv ? performance.now() - this.#startedAt : 0;
    this.#done({ happy, flags: this.#flags, responseTimeMs, reason });
  }
}
