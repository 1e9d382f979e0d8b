/** Errors as the API tells them: a status, and `{ code, message, advice }`. */
import { mistakesOf } from '../../config/combined-error.ts';
import { type ErrorCode, TroupeError } from '../../errors.ts';
import type { Problem } from './schema/problem-schema.ts';

const statuses: Readonly<Partial<Record<ErrorCode, number>>> = {
  'admin.malformed': 400,
  'command.illegal-name': 400,
  'command.illegal-value': 400,
  'admin.unauthorized': 401,
  'admin.forbidden': 403,
  'admin.not-found': 404,
  'command.unknown-config': 404,
  'command.unknown-backend': 404,
  'admin.wrong-method': 405,
  'admin.timeout': 408,
  'command.name-taken': 409,
  'command.config-in-use': 409,
  'command.config-not-ready': 409,
  'command.ambiguous-backend': 409,
  'admin.too-large': 413,
  'admin.busy': 503,
  'command.stopping': 503,
};

/** For errors whose message says already what is to be done, or that come without advice. */
const adviceByCode: Readonly<Partial<Record<ErrorCode, string>>> = {
  'command.unknown-config': 'GET /api/v1/configs lists those that are loaded.',
  'command.name-taken': 'Discard that config first, or load this one under another name.',
  'command.illegal-name': 'Choose another name.',
  'command.config-in-use': 'Use another config first.',
  'command.config-not-ready': 'GET /api/v1/configs tells the state of each; wait until it is warm.',
  'command.stopping': 'Troupe is being stopped; start it again.',
};

export function statusOf({ code }: TroupeError): number {
  return statuses[code] ?? (code.startsWith('config.') ? 422 : 500);
}

export function problemOf(error: TroupeError): Problem {
  const { code, message, place } = error;
  const advice = error.advice ?? adviceByCode[code] ?? adviceOnKind(code);
  const mistakes = mistakesOf(error);
  return {
    code,
    message,
    advice,
    ...(place !== undefined && { place: { ...place } }),
    ...(mistakes.length > 1 && {
      mistakes: mistakes.map((one) => ({
        code: one.code,
        message: one.message,
        ...(one.place !== undefined && { place: { ...one.place } }),
      })),
    }),
  };
}

function adviceOnKind(code: ErrorCode): string {
  return code.startsWith('config.')
    ? 'Put the config right, and load it again; `troupe check FILE` shows the place. What is in use stays in use.'
    : 'This is a mistake of Troupe itself: please report it, with what the log says.';
}

/** What was thrown, as an error that can be told. */
export function asTroupeError(error: unknown): TroupeError {
  if (error instanceof TroupeError) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new TroupeError('troupe.internal', message, { side: 'troupe', cause: error });
}
