/**
 * Cases of the comparison with varnishd, as text:
 *
 *   === what the case is about
 *   vcl, behind `vcl 4.1;` and a backend `default`, unless it declares its own; $PORT1 to $PORT4 are origins
 *   >>> GET /path            a request: fields, an empty line and a body may follow
 *   ... 20ms                 waits before the next one
 *   ... 2 asked              waits, at the end, until the origins were asked twice; what comes later does not count
 *   !!! reason               why both may differ here: they are expected to
 *   <<< 200 OK               an answer of the origins, in the order in which they are asked; the last one repeats
 *
 * An answer's body is packed if it says `Content-Encoding: gzip`. `<<< nothing` closes the connection. Content-Length and Host are added where neither they
 * nor `-Host`, `-Content-Length` stand there. Lines that begin with `#:` are remarks.
 */

export interface CaseRequest {
  readonly method: string;
  readonly url: string;
  readonly version: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string | undefined;
  /** Milliseconds to wait before it is sent. */
  readonly waitMs: number;
}

export interface CaseAnswer {
  /** undefined: the connection is closed. */
  readonly status: number | undefined;
  readonly reason: string;
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly body: string;
}

export interface DifferentialCase {
  readonly idea: string;
  /** Without what stands for ports. */
  readonly vcl: string;
  readonly requests: readonly CaseRequest[];
  readonly answers: readonly CaseAnswer[];
  /** How often the origins are asked; undefined: as often as when the last answer has come. */
  readonly asked: number | undefined;
  /** Why Troupe does not do as varnishd does; undefined: it does. */
  readonly difference: string | undefined;
}

const defaultFrame = 'vcl 4.1;\n';
const defaultBackend = 'backend default { .host = "127.0.0.1"; .port = "$PORT1"; }\n';

/** @throws Error a line that means nothing */
export function readCases(text: string): DifferentialCase[] {
  const withoutRemarks = text.replace(/^#:.*\n/gm, '');
  const [preface = '', ...parts] = withoutRemarks.split(/^=== /m);
  if (preface.trim() !== '') throw new Error(`a file of cases begins with ===, not with ${preface}`);
  return parts.map(readCase);
}

function readCase(text: string): DifferentialCase {
  const [head = '', ...blocks] = text.split(/^(?=>>> |<<< |\.\.\. |!!! )/m);
  const end = head.indexOf('\n');
  const idea = head.slice(0, end).trim();
  const requests: CaseRequest[] = [];
  const answers: CaseAnswer[] = [];
  let waitMs = 0;
  let asked: number | undefined;
  let difference: string | undefined;
  for (const block of blocks) {
    const [first = ''] = block.split('\n', 1);
    const rest = block.slice(first.length + 1);
    const line = first.slice(4).trim();
    if (first.startsWith('...') && line.endsWith('asked')) asked = Number.parseInt(line, 10);
    else if (first.startsWith('...')) waitMs = Number.parseInt(line, 10);
    else if (first.startsWith('!!!')) difference = `${line} ${rest.trim()}`.trim();
    else if (first.startsWith('>>>')) {
      requests.push(readRequest(line, rest, waitMs));
      waitMs = 0;
    } else answers.push(readAnswer(line, rest));
  }
  if (requests.length === 0) throw new Error(`the case "${idea}" asks for nothing`);
  return { idea, vcl: framed(head.slice(end + 1)), requests, answers, asked, difference };
}

function framed(vcl: string): string {
  const version = /^vcl \d/m.test(vcl) ? '' : defaultFrame;
  const backend = /^backend /m.test(vcl) ? '' : defaultBackend;
  return version === '' ? vcl + backend : version + backend + vcl;
}

function readRequest(line: string, rest: string, waitMs: number): CaseRequest {
  const [method = '', url = '', version = 'HTTP/1.1'] = line.split(' ');
  const { fields, body } = readMessage(rest);
  const own = without(fields, 'Host');
  const host: readonly [string, string][] = own.isNamed ? [] : [['Host', 'example.com']];
  return {
    method,
    url,
    version,
    fields: [...host, ...withLength(own.fields, body)],
    body,
    waitMs,
  };
}

function readAnswer(line: string, rest: string): CaseAnswer {
  const { fields, body } = readMessage(rest);
  if (line === 'nothing') return { status: undefined, reason: '', fields: [], body: '' };
  const [status = '', ...reason] = line.split(' ');
  return { status: Number(status), reason: reason.join(' ') || 'OK', fields, body: body ?? '' };
}

type MessageFields = readonly (readonly [name: string, value: string])[];

function readMessage(text: string): { readonly fields: MessageFields; readonly body: string | undefined } {
  const lines = text.trimEnd().split('\n');
  const end = lines.indexOf('');
  const head = (end < 0 ? lines : lines.slice(0, end)).filter((line) => line !== '');
  const fields = head.map((line): readonly [string, string] => {
    const colon = line.indexOf(':');
    return colon < 0 ? [line, ''] : [line.slice(0, colon), line.slice(colon + 1).replace(/^ /, '')];
  });
  return { fields, body: end < 0 || end === lines.length - 1 ? undefined : lines.slice(end + 1).join('\n') };
}

/** `-Name` says that a field is not added by itself. */
export function without(
  fields: MessageFields,
  name: string,
): { readonly fields: MessageFields; readonly isNamed: boolean } {
  const lower = name.toLowerCase();
  const isNamed = fields.some(([one]) => one.toLowerCase() === lower || one.toLowerCase() === `-${lower}`);
  return { fields: fields.filter(([one]) => one.toLowerCase() !== `-${lower}`), isNamed };
}

function withLength(fields: MessageFields, body: string | undefined): MessageFields {
  const { fields: own, isNamed } = without(fields, 'Content-Length');
  if (body === undefined || isNamed || own.some(([name]) => /^transfer-encoding$/i.test(name))) return own;
  return [...own, ['Content-Length', String(Buffer.byteLength(body, 'latin1'))]];
}
