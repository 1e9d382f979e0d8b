/** Reason phrases as varnishd gives them: they are not all those that are registered now. */
import { STATUS_CODES } from 'node:http';

const own: ReadonlyMap<number, string> = new Map([
  [306, '(Unused)'],
  [413, 'Request Entity Too Large'],
  [414, 'Request-URI Too Long'],
  [416, 'Requested Range Not Satisfiable'],
  [418, 'Unknown HTTP Status'],
  [509, 'Unknown HTTP Status'],
]);

/** @param status of whose digits only the last three are sent */
export function varnishReason(status: number): string {
  const sent = status % 1_000;
  return own.get(sent) ?? STATUS_CODES[sent] ?? 'Unknown HTTP Status';
}
