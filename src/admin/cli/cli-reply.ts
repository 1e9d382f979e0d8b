/** Replies of the command line: a status, as varnish-cli(7) numbers them, and a text. */

/** varnish-cli(7), "Status Codes". */
export const CliStatus = {
  syntax: 100,
  unknown: 101,
  unimplemented: 102,
  tooFew: 104,
  tooMany: 105,
  parameter: 106,
  authenticate: 107,
  ok: 200,
  truncated: 201,
  cannot: 300,
  close: 500,
} as const;

export type CliStatusCode = (typeof CliStatus)[keyof typeof CliStatus];

export interface CliReply {
  readonly status: CliStatusCode;
  readonly text: string;
}

export function reply(text: string): CliReply {
  return { status: CliStatus.ok, text };
}

/** A parameter of a command is wrong: 106. */
export function wrong(text: string): CliReply {
  return { status: CliStatus.parameter, text };
}

/** It is understood, but not possible now: 300. */
export function cannot(text: string): CliReply {
  return { status: CliStatus.cannot, text };
}

/**
 * A reply as it is sent: the status and the length of the text in a line of 13 bytes, the text, a line end.
 *
 * @param limit bytes of text, at most; more is cut off, and a reply that was fine is told to be truncated
 */
export function framed({ status, text }: CliReply, limit: number): Buffer {
  let body = Buffer.from(text, 'utf8');
  let code: number = status;
  if (body.length > limit) {
    if (status === CliStatus.ok) code = CliStatus.truncated;
    body = body.subarray(0, Math.max(0, limit - 1));
  }
  const head = `${String(code).padEnd(3)} ${String(body.length).padEnd(8)}\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body, Buffer.from('\n', 'latin1')]);
}
