/**
 * Whoever waits for the answer to a dispatched request, in one shape. undici 7 has callbacks with a controller
 * (`onRequestStart`, `onResponseStart` ...) and, like the fetch of Node 20 and 24, still speaks those of undici 6
 * (`onConnect`, `onHeaders` ...); which of them, the handler itself shows.
 */
import type { Dispatcher } from 'undici';
import type { ResponseHead } from '../http/exchange.ts';
import type { Fields } from '../http/fields.ts';

/** What a handler may do with its request at any time. */
export interface RequestControl {
  readonly isPaused: boolean;
  readonly abortReason: Error | undefined;
  abort(reason: Error | undefined): void;
  pause(): void;
  resume(): void;
}

/** Called in this order: started, head, any number of data, then ended; or failed, at any point, as the last call. */
export interface AnswerPort {
  started(control: RequestControl): void;
  head(head: ResponseHead): void;
  data(chunk: Buffer): void;
  ended(trailers: Fields | undefined): void;
  failed(error: Error): void;
}

type ParseHeaders = (raw: Buffer[]) => Record<string, string | string[]>;

/** @param parse undici's own, which is what handlers expect of headers as an object */
export function answerPort(handler: Dispatcher.DispatchHandler, parse: ParseHeaders): AnswerPort {
  return handler.onRequestStart === undefined
    ? new CallbackPort(handler)
    : new ControllerPort(handler, parse);
}

/** The handlers of undici 6. */
class CallbackPort implements AnswerPort {
  readonly #handler: Dispatcher.DispatchHandler;
  #control: RequestControl | undefined;

  constructor(handler: Dispatcher.DispatchHandler) {
    this.#handler = handler;
  }

  started(control: RequestControl): void {
    this.#control = control;
    this.#handler.onConnect?.((reason) => control.abort(reason));
  }

  head({ status, reason, fields }: ResponseHead): void {
    const resume = () => this.#control?.resume();
    this.#handler.onResponseStarted?.();
    const goesOn = this.#handler.onHeaders?.(status, rawBuffers(fields), resume, reason);
    if (goesOn === false) this.#control?.pause();
  }

  data(chunk: Buffer): void {
    if (this.#handler.onData?.(chunk) === false) this.#control?.pause();
  }

  ended(trailers: Fields | undefined): void {
    // Typed as strings, but undici itself hands over what it has received.
    this.#handler.onComplete?.(rawBuffers(trailers) as unknown as string[]);
  }

  failed(error: Error): void {
    if (this.#handler.onError === undefined) throw error;
    this.#handler.onError(error);
  }
}

/** The handlers of undici 7. */
class ControllerPort implements AnswerPort {
  readonly #handler: Dispatcher.DispatchHandler;
  readonly #parse: ParseHeaders;
  #controller: Controller = new Controller(undefined);

  constructor(handler: Dispatcher.DispatchHandler, parse: ParseHeaders) {
    this.#handler = handler;
    this.#parse = parse;
  }

  started(control: RequestControl): void {
    this.#controller = new Controller(control);
    this.#handler.onRequestStart?.(this.#controller, {});
  }

  head({ status, reason, fields }: ResponseHead): void {
    const raw = rawBuffers(fields);
    this.#controller.rawHeaders = raw;
    this.#handler.onResponseStart?.(this.#controller, status, this.#parse(raw), reason);
  }

  data(chunk: Buffer): void {
    this.#handler.onResponseData?.(this.#controller, chunk);
  }

  ended(trailers: Fields | undefined): void {
    const raw = rawBuffers(trailers);
    this.#controller.rawTrailers = raw;
    this.#handler.onResponseEnd?.(this.#controller, this.#parse(raw));
  }

  failed(error: Error): void {
    if (this.#handler.onResponseError === undefined) throw error;
    this.#handler.onResponseError(this.#controller, error);
  }
}

class Controller implements Dispatcher.DispatchController {
  rawHeaders: Buffer[] | null = null;
  rawTrailers: Buffer[] | null = null;
  readonly #control: RequestControl | undefined;

  constructor(control: RequestControl | undefined) {
    this.#control = control;
  }

  get aborted(): boolean {
    return this.#control?.abortReason !== undefined;
  }

  get reason(): Error | null {
    return this.#control?.abortReason ?? null;
  }

  get paused(): boolean {
    return this.#control?.isPaused === true;
  }

  abort(reason: Error): void {
    this.#control?.abort(reason);
  }

  pause(): void {
    this.#control?.pause();
  }

  resume(): void {
    this.#control?.resume();
  }
}

function rawBuffers(fields: Fields | undefined): Buffer[] {
  return fields === undefined ? [] : fields.raw.map((text) => Buffer.from(text, 'latin1'));
}
