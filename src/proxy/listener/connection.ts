/**
 * One client's connection: an input that is read only as far as somebody wants it, and one request at a time.
 *
 *   head --(head read)--> body --(body read)--> answering --(response sent)--> head
 *   head --(no body)----> answering         body --(response sent, rest skipped)--> head
 *   any --(refused, last response sent, idle)--> closing --> gone        body, answering --(taken over)--> tunnel
 *
 * Owns its socket, its parser and its exchange. Every byte goes through the inbox, and only `#pump` takes
 * bytes out of it; what handlers do in between at most changes the stage, and the pump goes on from there.
 */
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Clock } from '../../clock.ts';
import { TroupeError } from '../../errors.ts';
import type { ExchangeHandler, Persistence, SessionTimeouts, SocketAddress } from '../http/exchange.ts';
import { CountedReader } from '../http1/body-reader.ts';
import { ChunkReader } from '../http1/chunk-reader.ts';
import { MessageParser } from '../http1/llhttp.ts';
import { INCOMPLETE, REFUSED } from '../http1/outcome.ts';
import { dateField } from '../request/date-field.ts';
import { resetConnection } from '../reset-connection.ts';
import { BodyIntake, bodyTooLarge } from './body-intake.ts';
import { HalfClosedSocket } from './half-closed-socket.ts';
import { HeadReader } from './head-reader.ts';
import { HttpExchange, type ResponseChannel } from './http-exchange.ts';
import { Inbox } from './inbox.ts';
import type { ListenerLimits } from './listener-limits.ts';
import { Outbox } from './outbox.ts';
import type { ProxiedAddresses } from './proxy-preamble.ts';
import { malformed, type Refusal, refusalAnswer, refusalError, timedOut } from './refusal.ts';
import type { BodySource, RequestBody } from './request-body.ts';
import { localAddress, remoteAddress } from './socket-address.ts';
import { StallWatch } from './stall-watch.ts';
import type { TurnEnd } from './turn-end.ts';

type Stage = 'head' | 'body' | 'answering' | 'tunnel' | 'closing' | 'gone';

/** The listener, as its connections use it. */
export interface ConnectionOwner {
  readonly handler: ExchangeHandler;
  readonly clock: Clock;
  readonly name: string;
  readonly limits: ListenerLimits;
  readonly turnEnd: TurnEnd;
  /** Whether connections end with the response under way. */
  readonly isClosing: boolean;
  readonly onClientError: ((error: TroupeError, client: SocketAddress) => void) | undefined;
  /** Counted here. */
  refusedRequests: number;
  connectionGone(connection: Connection): void;
}

export class Connection implements ResponseChannel, BodySource {
  readonly client: SocketAddress;
  readonly server: SocketAddress;
  readonly own: ProxiedAddresses | undefined;
  readonly outbox: Outbox;
  xid = 0;
  readonly #owner: ConnectionOwner;
  readonly #socket: Socket;
  readonly #inbox = new Inbox();
  readonly #parser = new MessageParser('request');
  readonly #head: HeadReader;
  readonly #stall: StallWatch;

  #stage: Stage = 'head';
  /** Milliseconds of the clock: when the stage, or what it waits for now, began. */
  #since: number;
  #isPumping = false;
  #isPaused = false;
  /** The client has sent its last byte. */
  #hasEnded = false;

  // Of the request under way; the exchange stays until the next one begins.
  #exchange: HttpExchange | undefined;
  #keepsAlive = true;
  #closesAfter = false;
  /** Until the body has been received; used in stage `body` only. */
  #intake: BodyIntake | undefined;

  #isTimingHead = false;
  /** Bytes discarded while closing. */
  #discarded = 0;

  /** @param proxied what a proxy in front has said; undefined: the connection is the client's own */
  constructor(owner: ConnectionOwner, socket: Socket, proxied?: ProxiedAddresses) {
    this.#owner = owner;
    this.#socket = socket;
    this.outbox = new Outbox(socket, owner.turnEnd);
    this.#head = new HeadReader(this.#parser, owner.limits);
    this.#since = owner.clock.now();
    this.#stall = new StallWatch(socket, owner.limits, this.#since);
    const own = { client: remoteAddress(socket), server: localAddress(socket) };
    this.client = proxied?.client ?? own.client;
    this.server = proxied?.server ?? own.server;
    this.own = proxied && own;
    socket.on('data', this.#onData);
    socket.on('end', this.#onEnd);
    socket.on('drain', this.#onDrain);
    // 'close' follows and does what is to be done.
    socket.on('error', ignore);
    socket.on('close', this.#onClose);
  }

  get clock(): Clock {
    return this.#owner.clock;
  }

  get listener(): string {
    return this.#owner.name;
  }

  // --- what the socket says ---

  readonly #onData = (chunk: Buffer): void => {
    if (this.#stage === 'closing') {
      this.#discarded += chunk.length;
      if (this.#discarded > this.#owner.limits.lingerBytes) this.#socket.destroy();
      return;
    }
    this.#inbox.push(chunk);
    this.#pump();
  };

  readonly #onEnd = (): void => {
    this.#hasEnded = true;
    this.#stall.restart(this.clock.now());
    this.#pump();
  };

  readonly #onDrain = (): void => {
    const body = this.#exchange?.streamed;
    if (body !== undefined) body.onDrain?.();
    else this.#pump();
  };

  readonly #onClose = (): void => {
    const wasTunnel = this.#stage === 'tunnel';
    this.#stage = 'gone';
    this.#inbox.clear();
    this.#parser.free();
    this.#owner.connectionGone(this);
    if (wasTunnel) this.#exchange?.tunnelClosed();
    else this.#abortExchange(clientGone);
  };

  // --- input ---

  #pump(): void {
    if (this.#isPumping) return;
    this.#isPumping = true;
    while (this.#step());
    this.#isPumping = false;
    if (this.#stage === 'tunnel' || this.#stage === 'closing' || this.#stage === 'gone') return;
    if (this.#hasEnded) this.#checkEnd();
    else this.#regulate();
  }

  /** Takes something out of the inbox. False: nothing there, or nobody wants it. */
  #step(): boolean {
    const chunk = this.#inbox.first;
    if (chunk === undefined) return false;
    if (this.#stage === 'head') {
      // A client that does not take its answers gets no further ones.
      return !this.outbox.isFull && this.#readHead(chunk);
    }
    return this.#stage === 'body' && this.#intake?.isWanted === true && this.#readBody(this.#intake, chunk);
  }

  #readHead(chunk: Buffer): boolean {
    const outcome = this.#head.read(chunk, this.#inbox.offset);
    if (outcome === REFUSED) {
      this.#refuse(this.#head.refusal as Refusal);
      return false;
    }
    if (outcome === INCOMPLETE) {
      this.#inbox.takeTo(chunk.length);
      if (!this.#isTimingHead && this.#head.isStarted) {
        this.#isTimingHead = true;
        this.#since = this.clock.now();
      }
      return true;
    }
    this.#inbox.takeTo(outcome);
    this.#beginExchange();
    return true;
  }

  #beginExchange(): void {
    const { clock, handler, limits } = this.#owner;
    const { framing, version } = this.#head;
    const bodyLength = framing.bodyLength();
    if (bodyLength !== undefined && limits.bodyBytes > 0 && bodyLength > limits.bodyBytes) {
      this.#refuse(bodyTooLarge(limits));
      return;
    }
    this.#keepsAlive = framing.keepsAlive(version);
    this.#closesAfter = false;
    this.#since = clock.now();
    if (bodyLength === 0) {
      this.#stage = 'answering';
      this.#intake = undefined;
    } else {
      this.#stage = 'body';
      const reader =
        bodyLength === undefined ? new ChunkReader(this.#parser, limits) : new CountedReader(bodyLength);
      // RFC 9110 section 10.1.1: from an HTTP/1.0 client an expectation means nothing.
      this.#intake = new BodyIntake(this, reader, limits, framing.expect !== '' && version === '1.1');
    }
    const exchange = new HttpExchange(this, this.#head, bodyLength, this.#intake?.body, this.#since);
    this.#exchange = exchange;
    try {
      handler(exchange);
    } catch (cause) {
      this.#report(
        new TroupeError('troupe.internal', 'the handler of requests threw', { side: 'troupe', cause }),
      );
      if (!exchange.isOver) this.#giveUp(500, internal);
    }
  }

  #readBody(intake: BodyIntake, chunk: Buffer): boolean {
    const outcome = intake.read(chunk, this.#inbox.offset);
    if (outcome === REFUSED) {
      this.#refuse(intake.refusal as Refusal);
      return false;
    }
    const isComplete = outcome !== INCOMPLETE;
    this.#inbox.takeTo(isComplete ? outcome : chunk.length);
    if (isComplete) this.#stage = 'answering';
    else this.#since = this.clock.now();
    if (intake.isSkipping) {
      this.#afterSkipping(intake, isComplete);
      return true;
    }
    // Pushing can run the reader's code, which may want the next piece, or end all this: all else is done.
    const { body, data } = intake;
    if (isComplete && this.#exchange !== undefined) this.#exchange.trailers = intake.trailers;
    if (data !== undefined) body.push(data);
    if (isComplete) body.push(null);
    return true;
  }

  #afterSkipping(intake: BodyIntake, isComplete: boolean): void {
    const isAnswered = this.#exchange?.isOver === true;
    if (isComplete) {
      if (isAnswered) this.#nextRequest();
    } else if (intake.hasSkippedEnough) {
      intake.isWanted = false;
      this.#closesAfter = true;
      if (isAnswered) this.#startClosing();
    }
  }

  /** The client has sent its last byte: what was begun and cannot be completed is refused. */
  #checkEnd(): void {
    if (this.#stage === 'head') {
      if (this.#inbox.first !== undefined) return;
      if (this.#head.isStarted) this.#refuse(malformed('the connection ended within a head'));
      else this.#startClosing();
    } else if (this.#stage === 'body') {
      if (this.#intake?.isShortOf(this.#inbox.bytes) === true) {
        this.#refuse(malformed('the connection ended within a body'));
      }
    }
  }

  /** Reads on while there is room. Reading while a request is answered is how a leaving client is noticed. */
  #regulate(): void {
    const isFull = this.#inbox.bytes >= this.#owner.limits.readAheadBytes;
    if (isFull === this.#isPaused) return;
    this.#isPaused = isFull;
    if (isFull) this.#socket.pause();
    else this.#socket.resume();
  }

  // --- what the request's body says ---

  bodyWanted(): void {
    const intake = this.#intake;
    if (this.#stage !== 'body' || intake === undefined || intake.isSkipping) return;
    intake.isWanted = true;
    this.#since = this.clock.now();
    if (intake.owesContinue) {
      intake.owesContinue = false;
      // RFC 9110 section 10.1.1: not needed when the client did not wait, senseless behind a final response.
      if (this.#inbox.first === undefined && this.#exchange?.isBegun === false) {
        this.outbox.addText('HTTP/1.1 100 Continue\r\n\r\n');
        this.outbox.flush();
      }
    }
    this.#pump();
  }

  bodyDropped(body: RequestBody): void {
    const intake = this.#intake;
    if (this.#stage !== 'body' || intake === undefined || intake.body !== body) return;
    intake.isSkipping = true;
    intake.isWanted = true;
    this.#since = this.clock.now();
    this.#pump();
  }

  // --- what the exchange says ---

  settlePersistence(endsWithConnection: boolean): Persistence {
    const isLast =
      endsWithConnection ||
      !this.#keepsAlive ||
      this.#closesAfter ||
      this.#owner.isClosing ||
      this.#head.method === 'CONNECT' ||
      (this.#hasEnded && this.#inbox.first === undefined) ||
      (this.#stage === 'body' && this.#intake?.isTooMuchToSkip === true);
    this.#closesAfter = isLast;
    if (isLast) return 'close';
    return this.#exchange?.version === '1.0' ? 'keep-alive' : 'persistent';
  }

  responseEnded(): void {
    if (this.#closesAfter || this.#owner.isClosing) this.#startClosing();
    // Makes `bodyDropped` skip the rest.
    else if (this.#stage === 'body') this.#exchange?.body?.destroy();
    else this.#nextRequest();
  }

  responseCut(endsWithConnection: boolean): void {
    if (endsWithConnection) resetConnection(this.#socket);
    else this.#socket.destroy();
  }

  takeOver(): Duplex {
    const socket = this.#socket;
    this.#stage = 'tunnel';
    this.outbox.flush();
    this.#exchange?.body?.destroy();
    const received = this.#inbox.takeAll();
    socket.off('data', this.#onData);
    socket.off('end', this.#onEnd);
    socket.off('drain', this.#onDrain);
    if (this.#hasEnded) return new HalfClosedSocket(socket, received);
    socket.pause();
    if (received.length > 0) socket.unshift(received);
    // As new: whoever listens for data starts the flow.
    (socket as { readableFlowing: boolean | null }).readableFlowing = null;
    return socket;
  }

  #nextRequest(): void {
    this.#stage = 'head';
    this.#since = this.clock.now();
    this.#isTimingHead = false;
    this.#pump();
  }

  // --- the end ---

  /** Refuses what the client does. */
  #refuse(refusal: Refusal): void {
    this.#owner.refusedRequests++;
    this.refuse(refusal);
  }

  /** Answers that the client is not served, and closes the connection. */
  refuse(refusal: Refusal): void {
    if (this.#owner.onClientError !== undefined) this.#report(refusalError(refusal));
    this.#giveUp(refusal.status, refusal);
  }

  #report(error: TroupeError): void {
    this.#owner.onClientError?.(error, this.client);
  }

  /** Answers if no response has begun, and closes the connection. */
  #giveUp(status: number, refusal: Refusal): void {
    const exchange = this.#exchange;
    const isBetween = this.#stage === 'head';
    if (!isBetween && exchange?.isBegun === true) {
      // With the response sent, only the rest of the request was wrong; else the response is cut.
      if (exchange.isOver) {
        this.#startClosing();
      } else {
        this.#stage = 'closing';
        this.#abortExchange(refusal);
        this.#socket.destroy();
      }
      return;
    }
    this.#stage = 'closing';
    this.#abortExchange(refusal);
    this.outbox.addText(refusalAnswer(status, dateField(this.clock.wallNow())));
    this.#startClosing();
  }

  #abortExchange(refusal: Refusal): void {
    const exchange = this.#exchange;
    if (exchange !== undefined && !exchange.isOver) exchange.abort(refusalError(refusal));
  }

  /**
   * Ends our side and reads on for a while: closing with unread bytes would reset the connection, and the
   * reset could reach the client before the answer does (RFC 9112 section 9.6).
   */
  #startClosing(): void {
    if (this.#stage === 'gone' || this.#socket.destroyed) return;
    const isWithinBody = this.#stage === 'body';
    this.#stage = 'closing';
    this.#since = this.clock.now();
    this.#inbox.clear();
    if (isWithinBody) this.#exchange?.body?.destroy();
    this.outbox.flush();
    this.#socket.end();
    this.#socket.resume();
  }

  /** Closes the connection unless a request is under way, after which it will be. */
  closeWhenIdle(): void {
    if (this.#stage === 'head' && !this.#head.isStarted && this.#inbox.first === undefined)
      this.#startClosing();
  }

  /** Cuts whatever is under way. */
  destroy(): void {
    this.#socket.destroy();
  }

  // --- time ---

  get timeouts(): SessionTimeouts {
    return this.#stall.timeouts;
  }

  set timeouts(timeouts: SessionTimeouts) {
    this.#stall.timeouts = timeouts;
  }

  /** Compares deadlines with the time. Called by the listener's sweep, several times within each timeout. */
  checkTime(now: number): void {
    // What was cut just now goes on being looked at until it has closed.
    if (this.#socket.destroyed) return;
    const { limits } = this.#owner;
    const waited = now - this.#since;
    switch (this.#stage) {
      case 'head':
        if (this.#checkStall(now)) return;
        // A client that still takes its answer is not idle.
        if (this.#socket.writableLength > 0 && !this.#isTimingHead) this.#since = now;
        else if (this.#isTimingHead) {
          if (waited > limits.headTimeoutMs) {
            this.#refuse(timedOut(`no end of the request's head in ${limits.headTimeoutMs} ms`));
          }
        } else if (waited > this.timeouts.idleTimeoutMs) {
          this.#startClosing();
        }
        return;
      case 'body':
        if (this.#checkStall(now)) return;
        if (this.#intake?.isWanted === true && waited > limits.bodyTimeoutMs) {
          this.#refuse(timedOut(`nothing of the request's body in ${limits.bodyTimeoutMs} ms`));
        }
        return;
      case 'answering':
        this.#checkStall(now);
        return;
      case 'closing':
        if (this.#checkStall(now)) return;
        if (!this.#socket.writableFinished) this.#since = now;
        else if (waited > limits.lingerTimeoutMs) this.#socket.destroy();
        return;
      default:
        // Tunnels live as long as their ends want.
        return;
    }
  }

  /** Cuts a client that takes nothing, or that ended its side and gets nothing. */
  #checkStall(now: number): boolean {
    const exchange = this.#exchange;
    const isOwed = exchange?.isOver === false;
    const stall = this.#stall.look(now, exchange?.receivedAt ?? 0, this.#hasEnded, isOwed);
    if (stall === undefined) return false;
    if (stall === 'stuck') {
      const { idleSendTimeoutMs } = this.timeouts;
      this.#report(refusalError(timedOut(`the client took nothing for ${idleSendTimeoutMs} ms`)));
    }
    this.#socket.destroy();
    return true;
  }
}

const clientGone: Refusal = {
  status: 400,
  code: 'client.gone',
  message: 'the client closed the connection',
};
const internal: Refusal = { status: 500, code: 'troupe.internal', message: 'the handler of requests threw' };

function ignore(): void {}
