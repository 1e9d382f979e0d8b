/** What went wrong with a socket, in words: errno(3) names are for programs. */
const phrases: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ECONNRESET: 'connection reset',
  EPIPE: 'connection closed',
  ETIMEDOUT: 'connection timed out',
  EHOSTUNREACH: 'no route to host',
  ENETUNREACH: 'network unreachable',
  EADDRNOTAVAIL: 'no local address or port left',
  ENOENT: 'no such socket',
  EACCES: 'permission denied',
  EMFILE: 'this process has too many open files',
  ENFILE: 'this machine has too many open files',
};

export function describeSocketFailure(error: Error): string {
  const { code } = error as NodeJS.ErrnoException;
  return (code === undefined ? undefined : phrases[code]) ?? error.message;
}
