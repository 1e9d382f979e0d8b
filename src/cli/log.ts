/** The log of `troupe run`: JSON lines on standard error, one for each thing that went wrong, and each hook's. */
import { pino } from 'pino';
import type { ProxyLog } from '../proxy-log.ts';
import type { AccessLog } from './access-log.ts';

/** @param access where each request goes that has ended; undefined: nowhere */
export function createLog(access: AccessLog | undefined): ProxyLog {
  const logger = pino({ name: 'troupe' }, pino.destination({ dest: 2, sync: true }));
  return {
    ...(access && { access: (report) => access.write(report) }),
    failure: ({ error, ...entry }) => logger.warn({ ...entry, code: error.code }, error.message),
    hookError: ({ error, ...entry }) =>
      logger.error(
        { ...entry, code: error.code, place: error.place, cause: stackOf(error.cause) },
        error.message,
      ),
    peer: ({ message, ...entry }) => logger.warn(entry, `${entry.identity}: ${message}`),
    line: (config, xid, message) => logger.info({ config, xid }, message),
    clientError: (error, client) => logger.info({ client, code: error.code }, error.message),
    operatorRefused: (client, count) =>
      logger.warn(
        { client, count },
        `the command line refused ${count === 1 ? 'a client' : `${count} clients`}: wrong secret`,
      ),
    fault: (error, where) => logger.error({ where, err: error }, 'a mistake of Troupe was contained'),
  };
}

function stackOf(cause: unknown): string | undefined {
  return cause instanceof Error ? cause.stack : undefined;
}
