/** What stands in the way of listening, in a sentence that says what to do. */
import { TroupeError } from '../../errors.ts';
import type { ListenAddress } from './listener.ts';

export function listenError(cause: Error, where: ListenAddress): TroupeError {
  const code = 'code' in cause ? cause.code : undefined;
  const place = shown(where);
  return new TroupeError('troupe.listen-failed', `cannot listen on ${place}: ${advice(code, cause, where)}`, {
    side: 'troupe',
    cause,
  });
}

function shown(where: ListenAddress): string {
  if ('path' in where) return where.path;
  const { host = '', port } = where;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

function advice(code: unknown, cause: Error, where: ListenAddress): string {
  const isPath = 'path' in where;
  switch (code) {
    case 'EADDRINUSE':
      return isPath
        ? 'another process serves it; if none does, remove the file'
        : 'another process uses the port; stop it or choose another port';
    case 'EACCES':
      return isPath
        ? 'its directory may not be written to'
        : 'the port may not be used by this user; choose one above 1023 or run with more rights';
    case 'EADDRNOTAVAIL':
      return 'no interface of this machine has the address; choose one that it has, or 0.0.0.0 for all';
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return 'the host name cannot be resolved; write an address';
    case 'ERR_SOCKET_BAD_PORT':
      return 'a port is a number from 0 to 65535';
    case 'ENOENT':
      return 'its directory does not exist';
    default:
      return cause.message;
  }
}
