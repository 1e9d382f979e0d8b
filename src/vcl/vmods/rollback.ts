/** std.rollback(): a request as it was before the program changed it. */
import type { BackendRequest, ClientRequest } from '../../config/hooks.ts';
import type { VclContext } from '../vmod.ts';

type Message = ClientRequest | BackendRequest;

interface Original {
  readonly method: string;
  readonly url: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
}

/** Taken when a program that rolls back first sees a request, so that others pay nothing. */
const originals = new WeakMap<Message, Original>();

export function rememberOriginal({ req, bereq }: VclContext): void {
  const message = bereq ?? req;
  if (message === undefined || originals.has(message)) return;
  const { method, url, http } = message;
  // Without what the proxy has put there.
  const own = bereq === undefined ? asSent : forFetch;
  originals.set(message, { method, url, fields: [...http].flatMap(([name, value]) => own(name, value)) });
}

type Sent = [name: string, value: string][];

/** A client's field: its own address stands at the end of X-Forwarded-For. */
function asSent(name: string, value: string): Sent {
  if (name.toLowerCase() !== 'x-forwarded-for') return [[name, value]];
  const end = value.lastIndexOf(',');
  return end < 0 ? [] : [[name, value.slice(0, end)]];
}

function forFetch(name: string, value: string): Sent {
  return name.toLowerCase() === 'x-varnish' ? [] : [[name, value]];
}

/**
 * As varnishd does, it lets go of the connection, too, if there is an answer already.
 *
 * @param message of HTTP: req or bereq
 */
export function rollBack({ beresp }: VclContext, message: Message): void {
  const original = originals.get(message);
  if (original === undefined) throw new Error('std.rollback(): the original request is not known any more');
  message.method = original.method;
  message.url = original.url;
  const names = new Set([...message.http].map(([name]) => name));
  for (const name of names) message.http.unset(name);
  for (const [name, value] of original.fields) message.http.append(name, value);
  if (beresp !== undefined) (beresp as { isGivenUp?: boolean }).isGivenUp = true;
}
