/**
 * Why a client's request is not served: a status for the client and a sentence for the log. A plain value, so
 * that nothing is built for a log that nobody reads.
 */
import { type ErrorCode, TroupeError } from '../../errors.ts';
import type { Fault } from '../http1/fault.ts';

export interface Refusal {
  readonly status: number;
  readonly code: ErrorCode;
  /** What the client did, and the limit it met, if one. */
  readonly message: string;
}

/** 400: the request cannot be told apart from what surrounds it, or means nothing. */
export function malformed(message: string): Refusal {
  return { status: 400, code: 'client.malformed', message };
}

export function tooLarge(status: 413 | 414 | 431, message: string): Refusal {
  return { status, code: 'client.too-large', message };
}

/** Of a head or what surrounds a body: a target, which has a status of its own, is not told this way. */
export function refusalOf(fault: Fault): Refusal {
  return fault.kind === 'too-large' ? tooLarge(431, fault.message) : malformed(fault.message);
}

export function timedOut(message: string): Refusal {
  return { status: 408, code: 'client.timeout', message };
}

export function refusalError(refusal: Refusal): TroupeError {
  const side = refusal.code === 'troupe.internal' || refusal.code === 'troupe.limit' ? 'troupe' : 'client';
  return new TroupeError(refusal.code, refusal.message, { side });
}

const phrases: Readonly<Record<number, string>> = {
  400: 'Bad Request',
  408: 'Request Timeout',
  413: 'Content Too Large',
  414: 'URI Too Long',
  417: 'Expectation Failed',
  431: 'Request Header Fields Too Large',
  500: 'Internal Server Error',
  503: 'Service Unavailable',
  505: 'HTTP Version Not Supported',
};

/** The whole answer, after which the connection is closed. It repeats nothing that the client sent. */
export function refusalAnswer(status: number, date: string): string {
  const reason = phrases[status] ?? 'Error';
  const body = `${status} ${reason}\n`;
  return (
    `HTTP/1.1 ${status} ${reason}\r\nDate: ${date}\r\nContent-Type: text/plain\r\n` +
    `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`
  );
}
