/** Which endpoint a path means. */
import { TroupeError } from '../../errors.ts';
import type { Endpoint } from './endpoint.ts';

export interface RouteMatch {
  readonly endpoint: Endpoint;
  readonly params: Readonly<Record<string, string>>;
}

/** @throws TroupeError `admin.not-found`, `admin.wrong-method`, `admin.malformed` */
export function matchRoute(endpoints: readonly Endpoint[], method: string, path: string): RouteMatch {
  const parts = path.split('/');
  const allowed: string[] = [];
  for (const endpoint of endpoints) {
    const params = paramsOf(endpoint.path.split('/'), parts);
    if (params === undefined) continue;
    if (endpoint.method === method || (endpoint.method === 'GET' && method === 'HEAD')) {
      return { endpoint, params };
    }
    allowed.push(endpoint.method);
  }
  if (allowed.length === 0) {
    throw new TroupeError('admin.not-found', `There is nothing at ${path}.`, {
      side: 'client',
      advice: 'GET /api/v1/openapi.json lists what there is.',
    });
  }
  throw wrongMethod(method, path, allowed);
}

export function wrongMethod(method: string, path: string, allowed: readonly string[]): TroupeError {
  return new TroupeError('admin.wrong-method', `${path} cannot be asked with ${method}.`, {
    side: 'client',
    advice: `Use ${allowed.join(' or ')}.`,
  });
}

function paramsOf(pattern: readonly string[], parts: readonly string[]) {
  if (pattern.length !== parts.length) return undefined;
  const params: Record<string, string> = {};
  for (const [i, expected] of pattern.entries()) {
    const part = parts[i] ?? '';
    if (expected.startsWith('{')) params[expected.slice(1, -1)] = decoded(part);
    else if (expected !== part) return undefined;
  }
  return params;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new TroupeError('admin.malformed', `"${part}" in the path is not percent-encoded UTF-8.`, {
      side: 'client',
      advice: 'Encode names as encodeURIComponent does.',
    });
  }
}
