/** Numbers and texts as they are written: what is wanted decides what they are. */
import { isIP } from 'node:net';
import type { Checked } from './checked.ts';
import { VclMistake } from './mistake.ts';
import { mistakeInRegex } from './regex.ts';
import type { Expression } from './syntax.ts';
import { type Token, tokenName } from './token.ts';
import { byteUnits, durationUnits, type ValueType } from './value-type.ts';

const LARGEST_PORT = 65_535;

/** @throws VclMistake what is wanted has no sign */
export function expectSign(minus: Token, want: ValueType): void {
  if (want === 'INT' || want === 'REAL' || want === 'DURATION' || want === 'STRING') return;
  throw new VclMistake(`Unknown token '-' when looking for ${want}`, minus);
}

/** @throws VclMistake */
export function checkNumber(node: Extract<Expression, { kind: 'number' }>, want: ValueType): Checked {
  const { token, unit, isNegative } = node;
  if (isNegative) expectSign(node.first, want);
  const sign = isNegative ? -1 : 1;
  const number = Number(token.text);
  if (want === 'BYTES') {
    const factor = unit === undefined ? undefined : byteUnits.get(unit.text.toLowerCase());
    if (factor !== undefined) return { op: 'constant', type: 'BYTES', value: Math.round(number * factor) };
    if (unit === undefined) throw new VclMistake('Expected BYTES unit (B, KB, MB...) got none', token);
    const legal = "Legal are 'B', 'KB', 'MB', 'GB' and 'TB'";
    throw new VclMistake(`Unknown BYTES unit ${tokenName(unit)}. ${legal}`, unit);
  }
  if (unit !== undefined) {
    const factor = durationUnits.get(unit.text);
    if (factor !== undefined) return { op: 'constant', type: 'DURATION', value: sign * number * factor };
    throw new VclMistake(
      `Unknown duration unit ${tokenName(unit)}. Legal are 'ms', 's', 'm', 'h', 'd', 'w' and 'y'`,
      unit,
    );
  }
  const isReal = want === 'REAL' || token.kind === 'FNUM';
  return { op: 'constant', type: isReal ? 'REAL' : 'INT', value: sign * number };
}

/** @throws VclMistake */
export function checkString(token: Token, want: ValueType): Checked {
  if (want === 'IP') return { op: 'ip', type: 'IP', ...addressOf(token) };
  if (want === 'REGEX') return checkRegex([token]);
  return { op: 'constant', type: 'STRING', value: token.text };
}

/** As varnishd's where an address says none. */
const DEFAULT_PORT = 80;

/** `192.0.2.1`, `192.0.2.1:81`, `192.0.2.1 81`, `::1`, `[::1]`, `[::1]:81`. */
function addressOf(token: Token): { readonly address: string; readonly port: number } {
  const { text } = token;
  if (isIP(text) !== 0) return { address: text, port: DEFAULT_PORT };
  const [, six, four, given] = /^(?:\[([^\]]*)\]|([^:\s]*))(?:[:\s](\d{1,5}))?$/.exec(text) ?? [];
  const address = six ?? four ?? '';
  const port = given === undefined ? DEFAULT_PORT : Number(given);
  if (isIP(address) === (six === undefined ? 4 : 6) && port <= LARGEST_PORT) return { address, port };
  throw new VclMistake(`IP constant '"${token.text}"' could not be resolved to an IP address:`, token);
}

/**
 * @param pieces of the pattern, at least one
 * @throws VclMistake
 */
export function checkRegex(pieces: readonly Token[]): Checked {
  const source = pieces.map(({ text }) => text).join('');
  const [token] = pieces as [Token];
  const mistake = mistakeInRegex(source);
  if (mistake === undefined) return { op: 'regex', type: 'REGEX', source, token };
  throw new VclMistake(`Regexp compilation error: ${mistake}`, token, pieces.at(-1));
}
