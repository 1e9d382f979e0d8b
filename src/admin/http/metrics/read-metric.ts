/**
 * Metrics that are read when somebody scrapes: prom-client keeps no values for them, so that requests pay nothing
 * but the counters that exist anyway, and a series ends when its backend does.
 */
import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { LatencyFigures } from '../../../proxy/latency-histogram.ts';

export interface Sample {
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

export interface LatencySample {
  readonly labels: Readonly<Record<string, string>>;
  readonly figures: LatencyFigures;
}

interface About {
  readonly name: string;
  readonly help: string;
}

/** A number that only grows. */
export function counter(registry: Registry, about: About, read: () => readonly Sample[]): void {
  new ReadCounter({ ...about, registers: [registry] }).read = read;
}

/** How many there are now. */
export function gauge(registry: Registry, about: About, read: () => readonly Sample[]): void {
  new ReadGauge({ ...about, registers: [registry] }).read = read;
}

/** Durations; in seconds, as Prometheus has them. */
export function histogram(registry: Registry, about: About, read: () => readonly LatencySample[]): void {
  Object.assign(new ReadHistogram({ ...about, registers: [registry] }), { about, read });
}

class ReadCounter extends Counter<string> {
  read: () => readonly Sample[] = () => [];
  override async get() {
    return { ...(await super.get()), values: [...this.read()] };
  }
}

class ReadGauge extends Gauge<string> {
  read: () => readonly Sample[] = () => [];
  override async get() {
    return { ...(await super.get()), values: [...this.read()] };
  }
}

class ReadHistogram extends Histogram<string> {
  about: About = { name: '', help: '' };
  read: () => readonly LatencySample[] = () => [];
  /** What a registry asks a histogram for, in place of `get`. */
  async getForPromString() {
    const { about } = this;
    return {
      ...about,
      type: 'histogram',
      values: this.read().flatMap((sample) => linesOf(about.name, sample)),
    };
  }
}

/** Buckets are cumulative, and the last one has everything. */
function linesOf(name: string, { labels, figures: { boundsMs, counts, sumMs } }: LatencySample) {
  let below = 0;
  const buckets = counts.map((count, i) => {
    below += count;
    const bound = boundsMs[i];
    const le = bound === undefined ? '+Inf' : bound / 1_000;
    return { metricName: `${name}_bucket`, labels: { ...labels, le }, value: below };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: { ...labels }, value: sumMs / 1_000 },
    { metricName: `${name}_count`, labels: { ...labels }, value: below },
  ];
}
