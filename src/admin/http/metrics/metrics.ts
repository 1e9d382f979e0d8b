/**
 * `/metrics` in the text format of Prometheus. Series are labelled by backend identity and never by config, so that
 * they go on over reloads (prometheus_varnish_exporter#57, #74); names of configs stand on one metric alone.
 *
 * Cost: nothing between scrapes but a timer (loop-delay.ts). A scrape goes metric by metric, a slice of the
 * backends at a time, and lets the event loop turn in between: 45 ms in all with 1,000 backends.
 */
import { setImmediate as nextTurn } from 'node:timers/promises';
import { Registry } from 'prom-client';
import type { Identity } from '../../../identity.ts';
import type { BackendFigures, ProxyStats } from '../../../proxy-stats.ts';
import { version } from '../../../version.ts';
import type { Operated } from '../operated.ts';
import { healthSchema, overrideSchema } from '../schema/backend-schema.ts';
import { loadedConfigs } from '../show/known-backends.ts';
import { healthOf } from '../show/show-backends.ts';
import { LoopDelay } from './loop-delay.ts';
import { type PeerTotal, PeerTotals, peerCounted } from './peer-totals.ts';
import { counter, gauge, histogram, type Sample } from './read-metric.ts';

/** What one scrape shows: all of it of the same moment, but for what is read of single actors. */
interface Reading {
  readonly stats: ProxyStats;
  readonly backends: readonly (readonly [identity: Identity, figures: BackendFigures])[];
  readonly peers: ReadonlyMap<string, Readonly<PeerTotal>>;
}

const nothing = {};
/** Names of metrics that have series for each backend begin so. */
const OF_BACKENDS = 'troupe_backend_';
/** Backends whose series are made in one turn of the event loop: with a histogram, 1 or 2 ms. */
const SLICE = 100;

export class Metrics {
  readonly #registry = new Registry();
  readonly #operated: Operated;
  readonly #loop = new LoopDelay();
  readonly #peerTotals = new PeerTotals();
  #reading: Reading;
  /** Those that the present slice of a scrape is about. */
  #backends: Reading['backends'] = [];
  #scraping: Promise<string> | undefined;

  constructor(operated: Operated) {
    this.#operated = operated;
    this.#reading = this.#read();
    this.#describeTraffic();
    this.#describeCache();
    this.#describeBackends();
    this.#describePeers();
    this.#describeProcess();
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** The text of a scrape; those that come while one is being made share it. */
  scrape(): Promise<string> {
    this.#scraping ??= this.#scrape().finally(() => {
      this.#scraping = undefined;
    });
    return this.#scraping;
  }

  close(): void {
    this.#loop.close();
  }

  async #scrape(): Promise<string> {
    this.#reading = this.#read();
    const { backends } = this.#reading;
    const texts: string[] = [];
    for (const { name } of this.#registry.getMetricsAsArray()) {
      const slices = name.startsWith(OF_BACKENDS) ? Math.max(1, Math.ceil(backends.length / SLICE)) : 1;
      for (let i = 0; i < slices; i++) {
        this.#backends = backends.slice(i * SLICE, (i + 1) * SLICE);
        const text = await this.#registry.getSingleMetricAsString(name);
        // What HELP and TYPE say is said once.
        texts.push(i === 0 ? `\n${text}` : text.split('\n').slice(2).join('\n'));
        await nextTurn();
      }
    }
    return `${texts.join('\n')}\n`;
  }

  #read(): Reading {
    const stats = this.#operated.stats();
    const backends = Object.entries(stats.backends) as [Identity, BackendFigures][];
    return { stats, backends, peers: this.#peerTotals.read(stats.peers) };
  }

  #describeTraffic(): void {
    const registry = this.#registry;
    const one = (of: (stats: ProxyStats) => number) => () => [
      { labels: nothing, value: of(this.#reading.stats) },
    ];
    const counts = (name: string, help: string, of: (stats: ProxyStats) => number) =>
      counter(registry, { name: `troupe_${name}_total`, help }, one(of));
    const levels = (name: string, help: string, of: (stats: ProxyStats) => number) =>
      gauge(registry, { name: `troupe_${name}`, help }, one(of));

    counts('requests', 'Requests received, those under way included.', (s) => s.requests);
    levels('requests_in_flight', 'Requests under way.', (s) => s.inFlight);
    counter(
      registry,
      { name: 'troupe_responses_total', help: 'Responses begun, by class of status; counted at the end.' },
      () =>
        Object.entries(this.#reading.stats.responses).map(([code, value]) => ({ labels: { code }, value })),
    );
    histogram(
      registry,
      { name: 'troupe_request_duration_seconds', help: 'From receipt to end, tunnels aside.' },
      () => {
        const { durations } = this.#reading.stats;
        return durations === undefined ? [] : [{ labels: nothing, figures: durations }];
      },
    );
    counts('retries', 'Requests to backends that were tried again.', (s) => s.retries);
    counts('restarts', 'Requests that began anew from recv.', (s) => s.restarts);
    counts('tunnels', 'Requests that became tunnels: pipes and upgrades.', (s) => s.pipes);
    counts('client_aborts', 'Requests whose client went away.', (s) => s.clientAborts);
    counts('cut_responses', 'Responses begun that could not be completed.', (s) => s.cutResponses);
    counts('hook_errors', 'Hooks that threw or left what cannot be used.', (s) => s.hookErrors);
    counts('sent_bytes', 'Of bodies, to clients.', (s) => s.bytesSent);
    counts('received_bytes', 'Of bodies, from clients.', (s) => s.bytesReceived);
    levels('client_connections', "Clients' connections that are open.", (s) => s.connections);
    counts('refused_connections', 'Connections turned away: too many.', (s) => s.refusedConnections);
    counts('refused_requests', 'Requests refused for what was sent, or how.', (s) => s.refusedRequests);
    levels('saint_entries', 'Objects denied to backends, all together.', (s) => s.saints.listed);
    counts(
      'saint_entries_displaced',
      'Saint entries that gave way, the list full.',
      (s) => s.saints.displaced,
    );
    counts('saint_entries_refused', 'Denials without effect, the list full.', (s) => s.saints.refused);
  }

  /** No series while nothing is kept. */
  #describeCache(): void {
    type Store = NonNullable<ProxyStats['cache']>;
    const one = (of: (store: Store) => number) => () => {
      const { cache } = this.#reading.stats;
      return cache === undefined ? [] : [{ labels: nothing, value: of(cache) }];
    };
    const levels = (name: string, help: string, of: (store: Store) => number) =>
      gauge(this.#registry, { name: `troupe_cache_${name}`, help }, one(of));
    levels('objects', 'Answers that are kept.', (c) => c.objects);
    levels('bytes', 'Memory that they take.', (c) => c.bytes);
    levels('capacity_bytes', 'Memory that they may take.', (c) => c.capacity);
    const evicted = {
      name: 'troupe_cache_evicted_total',
      help: 'What gave way because its place was needed.',
    };
    counter(
      this.#registry,
      evicted,
      one((c) => c.evicted),
    );
  }

  #describeBackends(): void {
    const registry = this.#registry;
    const each = (of: (figures: BackendFigures, identity: Identity) => number) => () =>
      this.#backends.map(([backend, figures]) => ({
        labels: { backend },
        value: of(figures, backend),
      }));
    const counts = (name: string, help: string, of: (figures: BackendFigures) => number) =>
      counter(registry, { name: `troupe_backend_${name}_total`, help }, each(of));
    const levels = (name: string, help: string, of: (figures: BackendFigures, id: Identity) => number) =>
      gauge(registry, { name: `troupe_backend_${name}`, help }, each(of));
    const { control } = this.#operated;

    gauge(
      registry,
      {
        name: 'troupe_backend_health',
        help: 'What polling says: 1 for the state it is in, 0 for the others.',
      },
      () =>
        this.#backends.flatMap(([backend]) =>
          oneOf(healthSchema.options, healthOf(control, backend), (state) => ({ backend, state })),
        ),
    );
    gauge(
      registry,
      { name: 'troupe_backend_override', help: 'What an operator ordered: 1 for that, 0 for the others.' },
      () => {
        const { health } = control.snapshot();
        return this.#backends.flatMap(([backend]) =>
          oneOf(overrideSchema.options, health.get(backend)?.override ?? 'auto', (order) => ({
            backend,
            order,
          })),
        );
      },
    );
    counts('requests', 'Requests asked of it.', (b) => b.requests);
    levels('requests_in_flight', 'Requests asked of it and not ended.', (b) => b.inFlight);
    levels('requests_waiting', 'Requests that wait for others to end: maxConnections.', (b) => b.waiting);
    counts('waited', 'Requests that have waited for it.', (b) => b.waited);
    counts('waited_seconds', 'How long these have waited.', (b) => b.waitedMs / 1_000);
    counts('panic_picks', 'Picks of it by directors that ignored health.', (b) => b.panicPicks);
    counter(
      registry,
      { name: 'troupe_backend_tries_total', help: 'Tries that came to an answer, or to which failure.' },
      () =>
        this.#backends.flatMap(([backend, { answers, failures }]) => [
          { labels: { backend, outcome: 'answered' }, value: answers },
          ...Object.entries(failures).map(([outcome, value]) => ({ labels: { backend, outcome }, value })),
        ]),
    );
    counts('retries', 'Requests asked of it after others, or itself, had failed.', (b) => b.retries);
    counts('retried', 'Its answers and failures that were not left at that.', (b) => b.retried);
    histogram(
      registry,
      { name: 'troupe_backend_first_byte_seconds', help: 'From asking it to the head of its answer.' },
      () =>
        this.#backends.flatMap(([backend, { answerTimes }]) =>
          answerTimes === undefined ? [] : { labels: { backend }, figures: answerTimes },
        ),
    );
    counts('sent_bytes', 'Of bodies, to it.', (b) => b.bytesSent);
    counts('received_bytes', 'Of bodies, from it.', (b) => b.bytesReceived);
    levels('connections', 'Connections to it that are open.', (b) => b.connections);
    levels('saint_entries', 'Objects denied to it.', (_, identity) => control.saintCount(identity));
  }

  #describePeers(): void {
    const registry = this.#registry;
    const each = (of: (total: Readonly<PeerTotal>) => number) => () =>
      [...this.#reading.peers].map(([peer, total]) => ({ labels: { peer }, value: of(total) }));
    const levels = (name: string, help: string, of: (total: Readonly<PeerTotal>) => number) =>
      gauge(registry, { name: `troupe_peer_${name}`, help }, each(of));

    levels('pending', 'Operations that wait to be initiated.', (p) => p.pending);
    levels('running', 'Operations being performed.', (p) => p.running);
    levels('threads', 'Worker threads.', (p) => p.threads);
    counter(
      registry,
      { name: 'troupe_peer_operations_total', help: 'What was counted of its operations.' },
      () =>
        [...this.#reading.peers].flatMap(([peer, total]) =>
          peerCounted.map((what) => ({ labels: { peer, what: snakeCase(what) }, value: total[what] })),
        ),
    );
  }

  #describeProcess(): void {
    const registry = this.#registry;
    const { control, clock } = this.#operated;
    const startedAt = clock.wallNow() / 1_000 - process.uptime();
    const info = { name: 'troupe_info', help: 'Version of Troupe.' };
    gauge(registry, info, () => [{ labels: { version }, value: 1 }]);
    gauge(
      registry,
      { name: 'troupe_config_info', help: 'Loaded configs: 1 for the one in use, 0 for the others.' },
      () =>
        loadedConfigs(control).map(({ name: config, state }) => ({
          labels: { config },
          value: state === 'active' ? 1 : 0,
        })),
    );
    histogram(
      registry,
      { name: 'troupe_event_loop_delay_seconds', help: 'By how much a timer of 50 ms fires too late.' },
      () => [{ labels: nothing, figures: this.#loop.figures() }],
    );
    const one = (value: number): Sample[] => [{ labels: nothing, value }];
    const processor = { name: 'process_cpu_seconds_total', help: 'Processor time, user and system.' };
    counter(registry, processor, () => {
      const { user, system } = process.cpuUsage();
      return one((user + system) / 1_000_000);
    });
    const memory = { name: 'process_resident_memory_bytes', help: 'Memory in use.' };
    gauge(registry, memory, () => one(process.memoryUsage.rss()));
    const started = {
      name: 'process_start_time_seconds',
      help: 'Start of the process, since 1970-01-01 UTC.',
    };
    gauge(registry, started, () => one(startedAt));
  }
}

/** A state as Prometheus has it: a series for each that there could be. */
function oneOf<State extends string>(
  states: readonly State[],
  present: State,
  labels: (state: State) => Readonly<Record<string, string>>,
): Sample[] {
  return states.map((state) => ({ labels: labels(state), value: state === present ? 1 : 0 }));
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}
