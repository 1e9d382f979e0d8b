/** What is wrong with a message, as the readers of both sides tell it: clients' requests and backends' answers. */
export interface Fault {
  readonly kind: 'malformed' | 'too-large';
  /** What was sent, and the limit it met, if one. */
  readonly message: string;
}

export function malformed(message: string): Fault {
  return { kind: 'malformed', message };
}

export function tooLarge(message: string): Fault {
  return { kind: 'too-large', message };
}
