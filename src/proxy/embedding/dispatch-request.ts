/**
 * A request as undici's API hands it over, checked by undici's own rules: what it refuses is refused here with
 * the same errors. The origin's host becomes the Host field and decides nothing else.
 */
import { stringify } from 'node:querystring';
import type { Readable } from 'node:stream';
import type { Dispatcher, errors } from 'undici';
import { Fields } from '../http/fields.ts';
import { illegalFields, illegalRequestLine } from '../request/message-check.ts';
import { type BodyMakers, dispatchBody } from './dispatch-body.ts';

export interface DispatchRequest {
  readonly method: string;
  /** Path and query. */
  readonly path: string;
  readonly fields: Fields;
  readonly body: Readable | undefined;
  /** undefined: chunked coding; 0 without a body. */
  readonly bodyLength: number | undefined;
  /** Milliseconds; undefined: the backend's. */
  readonly firstByteTimeoutMs: number | undefined;
  readonly betweenBytesTimeoutMs: number | undefined;
}

type UndiciErrors = Pick<
  typeof errors,
  'InvalidArgumentError' | 'NotSupportedError' | 'RequestContentLengthMismatchError'
>;

/** @throws what undici throws at what it cannot send */
export function readDispatch(
  options: Dispatcher.DispatchOptions,
  undici: { readonly errors: UndiciErrors } & BodyMakers,
): DispatchRequest {
  const { method, origin, headersTimeout, bodyTimeout } = options;
  const { InvalidArgumentError, NotSupportedError, RequestContentLengthMismatchError } = undici.errors;
  if (method === 'CONNECT' || options.upgrade) {
    throw new NotSupportedError('the dispatcher of a director makes no tunnels and upgrades');
  }
  const path = pathOf(options, InvalidArgumentError);
  const mistake = illegalRequestLine(method, path);
  if (mistake !== undefined) throw new InvalidArgumentError(mistake);

  const given = readHeaders(options.headers, undici.errors);
  const { fields } = given;
  const host = given.host ?? hostOf(origin, InvalidArgumentError);
  if (host !== undefined) fields.raw.unshift('Host', host);
  const { body, length, type } = dispatchBody(options.body, undici);
  if (type !== undefined && !fields.has('Content-Type')) fields.append('Content-Type', type);
  const wrong = illegalFields(fields);
  if (wrong !== undefined) throw new InvalidArgumentError(wrong);

  if (length !== undefined && given.length !== undefined && given.length !== length) {
    throw new RequestContentLengthMismatchError();
  }
  return {
    method,
    path,
    fields,
    body,
    bodyLength: length ?? given.length,
    firstByteTimeoutMs: timeoutOf(headersTimeout, 'headersTimeout', InvalidArgumentError),
    betweenBytesTimeoutMs: timeoutOf(bodyTimeout, 'bodyTimeout', InvalidArgumentError),
  };
}

type ArgumentError = typeof errors.InvalidArgumentError;

function pathOf({ path, query }: Dispatcher.DispatchOptions, InvalidArgumentError: ArgumentError): string {
  if (typeof path !== 'string') throw new InvalidArgumentError('path must be a string');
  if (query === undefined || query === null) return path;
  if (path.includes('?') || path.includes('#')) {
    throw new InvalidArgumentError(
      'query cannot be given with a path that has a query or a fragment already',
    );
  }
  const text = stringify(query);
  return text === '' ? path : `${path}?${text}`;
}

/** Backends are asked over plain HTTP, so whoever writes https is told rather than disappointed. */
function hostOf(origin: string | URL | undefined, InvalidArgumentError: ArgumentError): string | undefined {
  if (origin === undefined || origin === '') return undefined;
  const text = String(origin);
  if (!URL.canParse(text)) throw new InvalidArgumentError(`the origin ${text} is no URL`);
  const { protocol, host } = new URL(text);
  if (protocol === 'http:') return host;
  throw new InvalidArgumentError(
    `the origin ${text} is not http: a director asks its backends over plain HTTP, and what was meant to be encrypted is not sent`,
  );
}

/** As undici: 0 is no limit. */
function timeoutOf(
  ms: number | null | undefined,
  name: string,
  InvalidArgumentError: ArgumentError,
): number | undefined {
  if (ms === undefined || ms === null) return undefined;
  if (!Number.isFinite(ms) || ms < 0) throw new InvalidArgumentError(`invalid ${name}`);
  return ms === 0 ? Number.POSITIVE_INFINITY : ms;
}

interface GivenHeaders {
  readonly fields: Fields;
  readonly host: string | undefined;
  readonly length: number | undefined;
}

function readHeaders(headers: Dispatcher.DispatchOptions['headers'], undici: UndiciErrors): GivenHeaders {
  const { InvalidArgumentError, NotSupportedError } = undici;
  const fields = new Fields();
  let host: string | undefined;
  let length: number | undefined;
  const add = (name: string, value: string): void => {
    switch (name.toLowerCase()) {
      case 'host':
        if (host !== undefined) throw new InvalidArgumentError('duplicate host header');
        host = value;
        return;
      case 'content-length':
        if (length !== undefined) throw new InvalidArgumentError('duplicate content-length header');
        if (!/^\d{1,15}$/.test(value)) throw new InvalidArgumentError('invalid content-length header');
        length = Number(value);
        return;
      case 'transfer-encoding':
      case 'keep-alive':
      case 'upgrade':
        throw new InvalidArgumentError(`invalid ${name.toLowerCase()} header`);
      case 'expect':
        throw new NotSupportedError('expect header not supported');
      case 'connection':
        // Connections to backends are the proxy's.
        return;
      default:
        fields.append(name, value);
    }
  };
  for (const [name, value] of pairsOf(headers, InvalidArgumentError)) {
    if (value === undefined) continue;
    for (const one of Array.isArray(value) ? value : [value]) add(name, one === null ? '' : `${one}`);
  }
  return { fields, host, length };
}

type HeaderPair = readonly [name: string, value: unknown];

function* pairsOf(
  headers: Dispatcher.DispatchOptions['headers'],
  InvalidArgumentError: ArgumentError,
): Generator<HeaderPair> {
  if (headers === undefined || headers === null) return;
  if (typeof headers !== 'object') throw new InvalidArgumentError('headers must be an object or an array');
  if (Array.isArray(headers)) {
    if (headers.length % 2 !== 0) throw new InvalidArgumentError('headers array must be even');
    for (let i = 0; i < headers.length; i += 2) yield [String(headers[i]), headers[i + 1]];
  } else if (Symbol.iterator in headers) {
    for (const pair of headers as Iterable<HeaderPair>) {
      if (!Array.isArray(pair) || pair.length !== 2) {
        throw new InvalidArgumentError('headers must be in key-value pair format');
      }
      yield pair;
    }
  } else {
    yield* Object.entries(headers);
  }
}
