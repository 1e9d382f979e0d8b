/**
 * The dashboard: a small HTTP server of its own beside the proxy, for scripts, monitoring and people. It is built
 * for a handful of callers that may be hostile or stuck: everything about it is bounded, and what it refuses it
 * explains. Nothing of it exists until it is opened.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { TroupeError } from '../../errors.ts';
import type { SocketAddress } from '../../proxy/http/exchange.ts';
import { listenError } from '../../proxy/listener/listen-error.ts';
import { type AccessRules, refusalOf } from './access.ts';
import { AccessToken } from './access-token.ts';
import { answerJson, answerProblem, answerText, JSON_TYPE, rawProblem } from './answer.ts';
import { bindAddress } from './bind-address.ts';
import { check, type Stage } from './endpoint.ts';
import { endpoints } from './endpoints.ts';
import { EventHub } from './events/event-hub.ts';
import { loadableCheck } from './loadable.ts';
import { Metrics } from './metrics/metrics.ts';
import { openApiDocument } from './openapi.ts';
import type { Operated } from './operated.ts';
import { asTroupeError } from './problem.ts';
import { readJsonBody } from './request-body.ts';
import { matchRoute, wrongMethod } from './route-match.ts';
import { eventsQuerySchema } from './schema/event-schema.ts';
import { activeConfig } from './show/known-backends.ts';
import { TransitionRecord } from './transition-record.ts';

export interface DashboardOptions {
  /** Address or name to listen on. Default: 127.0.0.1. */
  readonly host?: string | undefined;
  /** 0 takes a free one. */
  readonly port: number;
  /** What callers must show, as `Authorization: Bearer TOKEN`. Needed where other machines can reach the dashboard. */
  readonly token?: string | undefined;
  /** Names other than localhost under which browsers and programs may ask: DNS rebinding. */
  readonly hosts?: readonly string[] | undefined;
  /**
   * Folder below which configs may be loaded from without a token: loading runs code, and every user of the
   * machine can reach loopback. Default: the working directory.
   */
  readonly configFolder?: string | undefined;
}

export interface Dashboard {
  readonly address: SocketAddress;
  /** Ends it: readers of events are told, the others cut. Resolves when all is gone. */
  close(): Promise<void>;
}

const limits = {
  /** Connections at a time. */
  connections: 128,
  /** Bytes of a request's head. */
  headBytes: 16 * 1024,
  /** Milliseconds for a head, and for a whole request. */
  headMs: 10_000,
  requestMs: 20_000,
  /** Milliseconds that a connection may be idle, and that a client may take nothing of an answer. */
  idleMs: 10_000,
  stalledMs: 30_000,
  checkMs: 1_000,
} as const;

/**
 * Opens the dashboard.
 *
 * @throws TroupeError `admin.needs-token`, `troupe.listen-failed`
 */
export async function openDashboard(operated: Operated, options: DashboardOptions): Promise<Dashboard> {
  const { host = '', port, token, hosts = [] } = options;
  const address = await bindAddress(host, token !== undefined);
  const names = [...hosts, host].map((name) => name.toLowerCase());
  const rules = {
    token: token === undefined ? undefined : new AccessToken(token),
    hosts: new Set(names.filter((name) => name !== '')),
  };
  const dashboard = new RunningDashboard(operated, rules, options.configFolder);
  await dashboard.listen(address, port);
  return dashboard;
}

class RunningDashboard implements Dashboard {
  readonly #rules: AccessRules;
  readonly #stage: Stage;
  readonly #metrics: Metrics;
  readonly #server: Server;
  readonly #openApi = JSON.stringify(openApiDocument(endpoints));
  #closed: Promise<void> | undefined;

  constructor(operated: Operated, rules: AccessRules, configFolder: string | undefined) {
    this.#rules = rules;
    operated.keepTimes();
    this.#stage = {
      operated,
      transitions: new TransitionRecord(operated),
      events: new EventHub(operated),
      startedAt: Math.round(operated.clock.wallNow()),
      checkLoadable: loadableCheck(rules.token === undefined ? (configFolder ?? process.cwd()) : undefined),
    };
    this.#metrics = new Metrics(operated);
    this.#server = createServer({
      maxHeaderSize: limits.headBytes,
      headersTimeout: limits.headMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.idleMs,
      connectionsCheckingInterval: limits.checkMs,
      noDelay: true,
    });
    this.#server.maxConnections = limits.connections;
    this.#server.setTimeout(limits.stalledMs);
    this.#server.on('request', (request, response) => void this.#answer(request, response));
    this.#server.on('checkContinue', (request, response) => void this.#answer(request, response));
    this.#server.on('clientError', refuseMalformed);
  }

  get address(): SocketAddress {
    const { address, port } = this.#server.address() as AddressInfo;
    return { address, port };
  }

  async listen(host: string, port: number): Promise<void> {
    try {
      this.#server.listen({ host, port });
      await once(this.#server, 'listening');
    } catch (error) {
      this.#closeParts();
      throw listenError(error as Error, { host, port });
    }
  }

  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  async #close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.#closeParts();
    this.#server.closeAllConnections();
    await closed;
  }

  #closeParts(): void {
    this.#stage.events.close();
    this.#stage.transitions.close();
    this.#metrics.close();
  }

  async #answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    // A client that goes away is no error of anybody's.
    response.on('error', () => {});
    try {
      await this.#serve(request, response);
    } catch (error) {
      answerProblem(response, asTroupeError(error));
    }
  }

  async #serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { method = 'GET', headers } = request;
    const { path, query } = target(request.url ?? '/');
    if (path === '/healthz' || path === '/readyz') {
      this.#tellHealth(path, method, response);
      return;
    }
    const refusal = refusalOf(this.#rules, {
      method,
      host: headers.host,
      origin: headers.origin,
      site: header(headers['sec-fetch-site']),
      authorization: headers.authorization,
    });
    if (refusal !== undefined) throw refusal;
    switch (path) {
      case '/events':
        if (method !== 'GET') throw wrongMethod(method, path, ['GET']);
        this.#openEvents(query, header(headers['last-event-id']), response, request.socket);
        return;
      case '/metrics':
        mustBeGet(path, method);
        answerText(response, this.#metrics.contentType, await this.#metrics.scrape());
        return;
      case '/api/v1/openapi.json':
        mustBeGet(path, method);
        answerText(response, JSON_TYPE, this.#openApi);
        return;
      default: {
        const { endpoint, params } = matchRoute(endpoints, method, path);
        if (headers.expect !== undefined) response.writeContinue();
        const body = await readJsonBody(request);
        answerJson(response, await endpoint.run({ stage: this.#stage, params, query, body }));
      }
    }
  }

  /** For whoever decides whether the process is to be restarted, or asked at all: not secret, and under any name. */
  #tellHealth(path: '/healthz' | '/readyz', method: string, response: ServerResponse): void {
    mustBeGet(path, method);
    if (path === '/healthz') {
      answerJson(response, { status: 'ok' });
      return;
    }
    const { control, isClosing } = this.#stage.operated;
    const active = isClosing ? undefined : activeConfig(control)?.name;
    if (active === undefined) {
      const message = isClosing ? 'Troupe is being stopped.' : 'No config is in use.';
      const advice = isClosing ? 'Ask another one.' : 'Load one, and use it.';
      throw new TroupeError('admin.busy', message, { side: 'troupe', advice });
    }
    answerJson(response, { status: 'ready', active });
  }

  #openEvents(query: unknown, lastId: string | undefined, response: ServerResponse, socket: Socket): void {
    const { types } = check('query', eventsQuerySchema, query);
    const { events } = this.#stage;
    events.checkRoom();
    // A stream may be silent for longer than other answers.
    socket.setTimeout(0);
    events.open(response, types, lastId);
  }
}

/** Path and query of a request's target, which may be a whole URL. */
function target(url: string): { path: string; query: Record<string, string> } {
  let parsed: URL;
  try {
    parsed = new URL(url, 'http://troupe.invalid');
  } catch {
    throw new TroupeError('admin.malformed', `"${url}" is no path.`, {
      side: 'client',
      advice: 'GET /api/v1/openapi.json lists what there is.',
    });
  }
  const query: Record<string, string> = {};
  for (const [name, value] of parsed.searchParams) query[name] = value;
  return { path: parsed.pathname, query };
}

function header(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

function mustBeGet(path: string, method: string): void {
  if (method !== 'GET' && method !== 'HEAD') throw wrongMethod(method, path, ['GET']);
}

/** What node's parser refuses, in the form of all other refusals. */
function refuseMalformed(error: NodeJS.ErrnoException, socket: Socket): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const advice = 'Ask in HTTP/1.1, with a head of at most 16 KiB, and without pauses.';
  const tell = (status: number, code: TroupeError['code'], message: string) => {
    socket.end(rawProblem(status, new TroupeError(code, message, { side: 'client', advice })));
    // Node does no more with the connection, so nobody else would cut it.
    socket.setTimeout(limits.checkMs, () => socket.destroy());
  };
  if (error.code === 'HPE_HEADER_OVERFLOW') tell(431, 'admin.too-large', 'The head is too large.');
  else if (error.code === 'ERR_HTTP_REQUEST_TIMEOUT')
    tell(408, 'admin.timeout', 'The request came too slowly.');
  else tell(400, 'admin.malformed', 'This is no HTTP request.');
}
