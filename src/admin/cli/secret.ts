/** The secret of the command line, and the answer to a challenge that proves that somebody knows it. */
import { createHash, randomBytes, randomInt, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';

/** 32 letters, as varnish-cli(7) has them. */
export function newChallenge(): string {
  return Array.from({ length: 32 }, () => String.fromCharCode(97 + randomInt(26))).join('');
}

/** varnish-cli(7), "Authentication with -S": SHA-256 of challenge, secret file and challenge. */
export function answerTo(challenge: string, secret: Uint8Array): string {
  return createHash('sha256').update(`${challenge}\n`).update(secret).update(`${challenge}\n`).digest('hex');
}

/** Takes as long for a wrong answer as for the right one. */
export function isAnswerTo(answer: string, challenge: string, secret: Uint8Array): boolean {
  const right = Buffer.from(answerTo(challenge, secret), 'latin1');
  const given = Buffer.from(answer.toLowerCase(), 'latin1');
  return given.length === right.length && timingSafeEqual(given, right);
}

/** What a generated secret file holds: an UUID and a line end, as varnishd writes it. */
export function newSecret(): string {
  const hex = randomBytes(16).toString('hex');
  return `${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}\n`;
}

/**
 * Reads a secret file, at each authentication anew, so that it can be changed.
 *
 * @returns a text: why there is none, and then nobody is let in
 */
export function readSecret(file: string): Uint8Array | string {
  try {
    const secret = readFileSync(file);
    return secret.length === 0 ? 'It is empty' : secret;
  } catch (error) {
    const { errno = 0, message } = error as NodeJS.ErrnoException;
    const [, why = message] = getSystemErrorMap().get(errno) ?? [];
    return why.charAt(0).toUpperCase() + why.slice(1);
  }
}
