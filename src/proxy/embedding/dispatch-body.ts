/**
 * The body of a dispatched request, whatever it is given as: undici takes text, bytes, streams, iterables,
 * blobs and forms. A stream is read at the backend's pace.
 */
import { Readable } from 'node:stream';
import type { errors, FormData, Response } from 'undici';

export interface BodyMakers {
  readonly errors: Pick<typeof errors, 'InvalidArgumentError'>;
  /** undici's own: forms are coded by it. */
  readonly FormData: typeof FormData;
  readonly Response: typeof Response;
}

export interface DispatchBody {
  readonly body: Readable | undefined;
  /** Bytes; undefined: not known. */
  readonly length: number | undefined;
  /** What to say in Content-Type, where the request itself does not. */
  readonly type?: string | undefined;
}

const none: DispatchBody = { body: undefined, length: 0 };

export function dispatchBody(given: unknown, undici: BodyMakers): DispatchBody {
  if (given === undefined || given === null) return none;
  if (typeof given === 'string') return bytesBody(Buffer.from(given));
  if (ArrayBuffer.isView(given)) {
    return bytesBody(Buffer.from(given.buffer, given.byteOffset, given.byteLength));
  }
  if (given instanceof ArrayBuffer) return bytesBody(Buffer.from(given));
  if (given instanceof Blob) {
    if (given.size === 0) return none;
    return { body: piecesBody(given.stream()), length: given.size, type: given.type || undefined };
  }
  if (isForm(given)) return formBody(given, undici);
  if (isIterable(given)) return { body: piecesBody(given), length: undefined };
  throw new undici.errors.InvalidArgumentError(
    'body must be a string, a Buffer, a Readable stream, an iterable, or an async iterable',
  );
}

/** All of it is there at once, so that it goes out with the request's head. */
function bytesBody(bytes: Buffer): DispatchBody {
  if (bytes.length === 0) return none;
  const body = new Readable({ read() {}, highWaterMark: bytes.length + 1 });
  body.push(bytes);
  body.push(null);
  return { body, length: bytes.length };
}

function piecesBody(pieces: AsyncIterable<unknown> | Iterable<unknown>): Readable {
  const body = Readable.from(bytesOf(pieces), { objectMode: false });
  // One that waits for its next piece would not hear of the end by itself.
  if (pieces instanceof Readable) body.once('close', () => pieces.destroy());
  return body;
}

async function* bytesOf(pieces: AsyncIterable<unknown> | Iterable<unknown>): AsyncGenerator<Uint8Array> {
  for await (const piece of pieces) {
    if (typeof piece === 'string') yield Buffer.from(piece);
    else if (piece instanceof Uint8Array) yield piece;
    else if (piece instanceof ArrayBuffer) yield Buffer.from(piece);
    else throw new TypeError(`a piece of the request's body is ${typeof piece}, neither text nor bytes`);
  }
}

type FormEntries = Iterable<[name: string, value: string | File]>;

/** Forms come from undici, from Node itself, or from a package: they are told by their name, as undici does. */
function isForm(given: unknown): given is FormEntries {
  return (
    typeof given === 'object' &&
    given !== null &&
    (given as { [Symbol.toStringTag]?: unknown })[Symbol.toStringTag] === 'FormData'
  );
}

function formBody(given: FormEntries, { FormData, Response }: BodyMakers): DispatchBody {
  const form = new FormData();
  for (const [name, value] of given) {
    if (typeof value === 'string') form.append(name, value);
    else form.append(name, value, value.name);
  }
  const coded = new Response(form);
  const type = coded.headers.get('Content-Type') ?? undefined;
  return { body: piecesBody(coded.body as AsyncIterable<unknown>), length: undefined, type };
}

function isIterable(given: unknown): given is AsyncIterable<unknown> | Iterable<unknown> {
  return (
    typeof given === 'object' && given !== null && (Symbol.asyncIterator in given || Symbol.iterator in given)
  );
}
