/**
 * Who reads `/events`, and what they are sent. Events are gathered and sent a few times a second, each made into
 * text once for all readers; what comes faster than anybody could read is left out and counted. Nothing is made of
 * events that nobody reads.
 */
import type { ServerResponse } from 'node:http';
import { Subscription } from 'rxjs';
import type { BackendEmitted } from '../../../actors/backend.ts';
import type { SupervisorEmitted } from '../../../actors/supervisor.ts';
import type { Clock } from '../../../clock.ts';
import { TroupeError } from '../../../errors.ts';
import type { FailedRequest } from '../../../proxy/request/request-report.ts';
import type { Message } from '../../../streams/bus.ts';
import type { Operated } from '../operated.ts';
import { type EventType, eventTypes } from '../schema/event-schema.ts';
import { healthOf } from '../show/show-backends.ts';
import { shownTransition } from '../transition-record.ts';
import { wallTimeOf } from '../wall-time.ts';
import { EventLog } from './event-log.ts';
import { EventReader } from './event-reader.ts';

/** Milliseconds between two batches. */
const BATCH_MS = 50;
/** Events of one type in a batch; the others are left out. A story may be large, so there are fewer of those. */
const MOST_IN_BATCH = { switch: 256, health: 256, 'failed-request': 8, transition: 512 } as const;
/** Milliseconds after which a silent stream says that it is alive. */
const HEARTBEAT_MS = 15_000;
const MOST_READERS = 32;
/** Milliseconds for which events are kept after the last one who read them has left: it may come back. */
const LINGER_MS = 10_000;

type ConfigUsed = Extract<SupervisorEmitted, { type: 'config.used' }>;
type HealthTold = Extract<BackendEmitted, { type: 'backend.health' }>;

interface Pending {
  readonly type: EventType;
  readonly data: () => unknown;
}

export class EventHub {
  readonly #operated: Operated;
  readonly #clock: Clock;
  readonly #log: EventLog;
  readonly #readers = new Set<EventReader>();
  readonly #counts = new Map<EventType, number>();
  #pending: Pending[] = [];
  #cancelBatch: (() => void) | undefined;
  /** Types that somebody read a moment ago. */
  readonly #lingering = new Set<string>();
  #cancelLinger: (() => void) | undefined;
  #heartbeat: NodeJS.Timeout | undefined;
  #isClosed = false;
  #sources: Subscription | undefined;
  #transitions: Subscription | undefined;
  /** Number of the last event before the first one that nobody listened for; a reader from before has missed some. */
  #silentSince = new Map<EventType, number>();

  constructor(operated: Operated) {
    this.#operated = operated;
    this.#clock = operated.clock;
    this.#log = new EventLog(Math.round(operated.clock.wallNow()).toString(36));
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** @throws TroupeError `admin.busy` */
  checkRoom(): void {
    if (this.#readers.size < MOST_READERS) return;
    throw new TroupeError('admin.busy', `There are ${MOST_READERS} readers of /events already.`, {
      side: 'client',
      advice: 'Close one of them, or let one program read for the others.',
    });
  }

  /**
   * Takes in a reader.
   *
   * @param lastId the last event that it has seen; what came since follows at once
   */
  open(response: ServerResponse, types: readonly EventType[] = eventTypes, lastId?: string): void {
    const reader = new EventReader(response, types, this.#clock.now(), () => this.#leave(reader));
    const missed = lastId === undefined ? undefined : this.#since(lastId, reader);
    if (missed !== undefined) reader.write(missed, this.#clock.now());
    this.#readers.add(reader);
    this.#listen();
  }

  close(): void {
    for (const reader of this.#readers) reader.end();
    this.#readers.clear();
    this.#lingering.clear();
    this.#listen();
    this.#cancelLinger?.();
    this.#cancelBatch?.();
    this.#isClosed = true;
  }

  #leave(reader: EventReader): void {
    if (!this.#readers.delete(reader) || this.#isClosed) return;
    for (const type of reader.types) this.#lingering.add(type);
    this.#cancelLinger?.();
    this.#cancelLinger = this.#clock.after(LINGER_MS, () => {
      this.#lingering.clear();
      this.#listen();
    });
  }

  /** What a reader gets that comes back. */
  #since(lastId: string, reader: EventReader): string {
    const events = this.#log.after(lastId);
    const number = Number(lastId.slice(lastId.lastIndexOf('-') + 1));
    const wasHeard = [...reader.types].every((type) => {
      const silentSince = this.#silentSince.get(type as EventType);
      return silentSince === undefined || number > silentSince;
    });
    if (events === undefined || !wasHeard) return eventText('missed', { reason: 'too-late' });
    return textFor(events, reader);
  }

  /** Listens for what somebody wants to read, and for nothing else. */
  #listen(): void {
    const { control } = this.#operated;
    const read = [...this.#readers].flatMap((reader) => [...reader.types]);
    const wanted = new Set([...read, ...this.#lingering]);
    const isRead = wanted.size > 0;
    if (isRead && this.#sources === undefined) {
      this.#sources = new Subscription();
      this.#sources.add(control.messages$.subscribe((message) => this.#hear(message)));
      this.#sources.add(this.#operated.failedRequests$.subscribe((report) => this.#failed(report)));
      this.#heartbeat = setInterval(() => this.#beat(), HEARTBEAT_MS);
      this.#heartbeat.unref();
    } else if (!isRead && this.#sources !== undefined) {
      this.#sources.unsubscribe();
      this.#sources = undefined;
      clearInterval(this.#heartbeat);
      for (const type of eventTypes) this.#silentSince.set(type, this.#log.last);
    }
    if (wanted.has('transition') && this.#transitions === undefined) {
      this.#transitions = control.transitions$.subscribe((step) =>
        this.#add('transition', () => shownTransition(this.#operated, step)),
      );
    } else if (!wanted.has('transition') && this.#transitions !== undefined) {
      this.#transitions.unsubscribe();
      this.#transitions = undefined;
      this.#silentSince.set('transition', this.#log.last);
    }
  }

  #hear({ from, to, event, at: heardAt }: Message): void {
    // Each is said to several; the publisher hears of both, once.
    if (to !== 'publisher') return;
    const at = () => wallTimeOf(this.#clock, heardAt);
    if (from === 'supervisor' && event.type === 'config.used') {
      const { key, name } = event as ConfigUsed;
      this.#add('switch', () => ({ at: at(), config: name, key }));
    } else if (event.type === 'backend.health') {
      const { identity, override } = event as HealthTold;
      const health = healthOf(this.#operated.control, identity);
      this.#add('health', () => ({ at: at(), backend: identity, health, override }));
    }
  }

  #failed(report: FailedRequest): void {
    this.#add('failed-request', () => report);
  }

  #add(type: EventType, data: () => unknown): void {
    const before = this.#counts.get(type) ?? 0;
    this.#counts.set(type, before + 1);
    if (before < MOST_IN_BATCH[type]) this.#pending.push({ type, data });
    this.#cancelBatch ??= this.#clock.after(BATCH_MS, () => this.#send());
  }

  #send(): void {
    this.#cancelBatch = undefined;
    const pending = this.#pending;
    const leftOut = [...this.#counts].reduce(
      (sum, [type, n]) => sum + Math.max(0, n - MOST_IN_BATCH[type]),
      0,
    );
    this.#pending = [];
    this.#counts.clear();
    const events = pending.map(({ type, data }) => this.#log.add(type, data()));
    if (leftOut > 0) events.push(this.#log.add('missed', { reason: 'too-many', count: leftOut }));
    const now = this.#clock.now();
    // Most readers want the same.
    const texts = new Map<string, string>();
    for (const reader of this.#readers) {
      const key = [...reader.types].join();
      let text = texts.get(key);
      if (text === undefined) {
        text = textFor(events, reader);
        texts.set(key, text);
      }
      if (text !== '') reader.write(text, now);
    }
  }

  #beat(): void {
    const now = this.#clock.now();
    for (const reader of this.#readers) {
      if (now - reader.lastWrite >= HEARTBEAT_MS / 2) reader.write(':\n\n', now);
    }
  }
}

function textFor(events: readonly { type: string; text: string }[], reader: EventReader): string {
  let text = '';
  for (const event of events) if (reader.wants(event.type)) text += event.text;
  return text;
}

function eventText(type: string, data: unknown): string {
  return `event: ${type}\ndata: ${JSON.stringify(data)}\n\n`;
}
