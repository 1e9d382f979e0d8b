/**
 * What a message is told about its way: X-Forwarded-For and Via.
 */
import type { Fields } from '../http/fields.ts';

/**
 * Appends the client to X-Forwarded-For, as varnishd does before vcl_recv: all fields of that name become one.
 *
 * @param address empty for a unix socket's client, about whom there is nothing to say
 */
export function appendForwardedFor(fields: Fields, address: string): void {
  if (address === '') return;
  if (fields.get('X-Forwarded-For') === undefined) {
    fields.appendLegal('X-Forwarded-For', address);
    return;
  }
  const soFar = fields.getAll('X-Forwarded-For').filter((value) => value !== '');
  fields.set('X-Forwarded-For', [...soFar, address].join(', '));
}

/**
 * Appends this hop to Via (RFC 9110 section 7.6.3), as a field of its own, which means the same as a longer list.
 *
 * @param version HTTP version in which the message was received
 */
export function appendVia(fields: Fields, version: '1.0' | '1.1'): void {
  fields.appendLegal('Via', version === '1.1' ? '1.1 troupe' : '1.0 troupe');
}
