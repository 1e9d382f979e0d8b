/** The JSON body of a request: bounded, and checked before anybody looks at it. */
import type { IncomingMessage } from 'node:http';
import { TroupeError } from '../../errors.ts';

/** Bytes; the largest body that makes sense holds a path and a name. */
const MOST_BODY_BYTES = 64 * 1024;

/**
 * Reads a body.
 *
 * @returns undefined: there is none
 * @throws TroupeError `admin.too-large`, `admin.malformed`
 */
export async function readJsonBody(request: IncomingMessage): Promise<unknown> {
  const body = await readBody(request);
  if (body.length === 0) return undefined;
  // Forms of other sites cannot send this type without asking first.
  const type = request.headers['content-type'] ?? '';
  if (!/^application\/json\s*(?:;|$)/i.test(type)) {
    throw malformed(`The body is of type "${type}".`, 'Send JSON, with Content-Type: application/json.');
  }
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(body));
  } catch (cause) {
    throw malformed(`The body is no JSON: ${(cause as Error).message}.`, 'Send one JSON object in UTF-8.');
  }
}

/** Of a body that is refused the rest is still to come; node reads it away once there is an answer. */
function readBody(request: IncomingMessage): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const take = (chunk: Buffer) => {
      length += chunk.length;
      if (length <= MOST_BODY_BYTES) {
        chunks.push(chunk);
        return;
      }
      request.off('data', take);
      reject(tooLarge());
    };
    if (Number(request.headers['content-length'] ?? 0) > MOST_BODY_BYTES) {
      reject(tooLarge());
      return;
    }
    request.on('data', take);
    request.on('end', () => resolve(Buffer.concat(chunks)));
    request.on('error', reject);
    request.on('close', () => reject(malformed('The body broke off.', 'Send all of it.')));
  });
}

function tooLarge(): TroupeError {
  return new TroupeError('admin.too-large', `The body has more than ${MOST_BODY_BYTES} bytes.`, {
    side: 'client',
    advice: 'Name files by their path; their content is not sent.',
  });
}

function malformed(message: string, advice: string): TroupeError {
  return new TroupeError('admin.malformed', message, { side: 'client', advice });
}
