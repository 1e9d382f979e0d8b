/** Reads `/events` as a browser's EventSource does. */
import { type IncomingMessage, request } from 'node:http';

export interface SeenEvent {
  readonly id: string;
  readonly type: string;
  readonly data: unknown;
}

export class EventClient {
  readonly seen: SeenEvent[] = [];
  readonly #response: IncomingMessage;
  readonly #watchers = new Set<() => void>();
  #text = '';

  private constructor(response: IncomingMessage) {
    this.#response = response;
    response.setEncoding('utf8').on('data', (text: string) => this.#take(text));
    response.on('error', () => {});
  }

  /** Resolves when the stream has ended. */
  readonly ended = new Promise<void>((resolve) => {
    this.#watchers.add(() => {
      if (this.#response.complete || this.#response.destroyed) resolve();
    });
  });

  static open(
    port: number,
    query = '',
    headers: Readonly<Record<string, string>> = {},
  ): Promise<EventClient> {
    return new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port, path: `/events${query}`, headers, agent: false };
      const asked = request(options, (response) => {
        if (response.statusCode === 200) {
          const client = new EventClient(response);
          for (const end of ['end', 'close'] as const) response.on(end, () => client.#look());
          resolve(client);
        } else reject(new Error(`/events answered ${response.statusCode}`));
      });
      asked.on('error', reject);
      asked.end();
    });
  }

  of(type: string): readonly SeenEvent[] {
    return this.seen.filter((event) => event.type === type);
  }

  until(condition: () => boolean): Promise<void> {
    return new Promise((resolve) => {
      const look = () => {
        if (!condition()) return;
        this.#watchers.delete(look);
        resolve();
      };
      this.#watchers.add(look);
      look();
    });
  }

  close(): void {
    this.#response.destroy();
  }

  #take(text: string): void {
    this.#text += text;
    const blocks = this.#text.split('\n\n');
    this.#text = blocks.pop() ?? '';
    for (const block of blocks) {
      const fields = new Map(
        block
          .split('\n')
          .map((line) => [line.slice(0, line.indexOf(':')), line.slice(line.indexOf(':') + 2)]),
      );
      const data = fields.get('data');
      if (data === undefined) continue;
      this.seen.push({ id: fields.get('id') ?? '', type: fields.get('event') ?? '', data: JSON.parse(data) });
    }
    this.#look();
  }

  #look(): void {
    for (const look of [...this.#watchers]) look();
  }
}
