/** A fetch, collected: what a transport's caller would have seen. */
import type { TroupeError } from '../../src/errors.ts';
import type {
  FetchCall,
  FetchHandler,
  FetchHead,
  FetchRequest,
  FetchTarget,
  Transport,
} from '../../src/proxy/fetch/transport.ts';
import { Fields } from '../../src/proxy/http/fields.ts';

export interface Fetched {
  readonly head: FetchHead | undefined;
  readonly body: string;
  readonly trailers: Fields | undefined;
  readonly error: TroupeError | undefined;
}

export interface Running {
  readonly call: FetchCall;
  /** Resolves when so many bytes of the body have come. */
  received(bytes: number): Promise<void>;
}

export function fetchRequest(changes: Partial<FetchRequest> = {}): FetchRequest {
  return {
    method: 'GET',
    path: '/',
    fields: new Fields(['Host', 'example.com']),
    body: undefined,
    bodyLength: undefined,
    connectTimeoutMs: 20_000,
    firstByteTimeoutMs: 20_000,
    betweenBytesTimeoutMs: 20_000,
    ...changes,
  };
}

/** Resolves when the fetch is over, however it went. */
export function runFetch(
  transport: Transport,
  target: FetchTarget,
  changes: Partial<FetchRequest> = {},
): Promise<Fetched> & Running {
  let call: FetchCall | undefined;
  let bytes = 0;
  let wanted = Number.POSITIVE_INFINITY;
  let enough = (): void => {};
  const promise = new Promise<Fetched>((resolve, reject) => {
    let head: FetchHead | undefined;
    let isOver = false;
    const pieces: Uint8Array[] = [];
    const finish = (trailers: Fields | undefined, error: TroupeError | undefined): void => {
      if (isOver) reject(new Error('a handler was called after the end'));
      isOver = true;
      resolve({ head, body: Buffer.concat(pieces).toString('latin1'), trailers, error });
    };
    const handler: FetchHandler = {
      onHead(given) {
        if (head !== undefined || isOver || call === undefined) reject(new Error('onHead out of order'));
        head = given;
      },
      onData(chunk) {
        if (head === undefined || isOver) reject(new Error('onData out of order'));
        pieces.push(chunk);
        bytes += chunk.length;
        if (bytes >= wanted) enough();
        return true;
      },
      onEnd(trailers) {
        if (head === undefined) reject(new Error('onEnd before onHead'));
        finish(trailers, undefined);
      },
      onError(error) {
        if (call === undefined) reject(new Error('onError before fetch returned'));
        finish(undefined, error);
      },
    };
    call = transport.fetch(target, fetchRequest(changes), handler);
  });
  return Object.assign(promise, {
    call: call as unknown as FetchCall,
    received: (count: number) =>
      new Promise<void>((resolve) => {
        if (bytes >= count) return resolve();
        wanted = count;
        enough = resolve;
      }),
  });
}
