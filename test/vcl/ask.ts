/** One request on a connection of its own. */
import { once } from 'node:events';
import { type IncomingHttpHeaders, request } from 'node:http';

export interface Reply {
  readonly status: number;
  readonly reason: string;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

export async function ask(
  port: number,
  url: string,
  method = 'GET',
  headers: Readonly<Record<string, string>> = {},
): Promise<Reply> {
  const asked = request({ host: '127.0.0.1', port, path: url, method, headers, agent: false });
  asked.end();
  const [response] = await once(asked, 'response');
  let body = '';
  response.setEncoding('latin1');
  for await (const piece of response) body += piece;
  return {
    status: response.statusCode,
    reason: response.statusMessage,
    headers: response.headers,
    body,
  };
}
