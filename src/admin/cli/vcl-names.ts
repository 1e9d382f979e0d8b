/** Names and states that `vcl.*` commands are given. */
import type { ConfigShelf, Shelved, WantedState } from '../config-shelf.ts';
import { type CliReply, wrong } from './cli-reply.ts';

/** @returns a refusal, if no config and no label can have this name */
export function invalidName(name: string): CliReply | undefined {
  const at = name.search(/^[^A-Za-z]|[^A-Za-z0-9_-]/);
  if (at < 0 && name !== '') return undefined;
  const bytes = Buffer.from(name);
  const code = at < 0 ? 0 : (bytes[Buffer.byteLength(name.slice(0, at))] ?? 0);
  const isShown = code > 0x20 && code < 0x7f;
  const bad = isShown ? `('${String.fromCharCode(code)}')` : `(0x${code.toString(16).padStart(2, '0')})`;
  return wrong(`Illegal character in VCL name ${bad}`);
}

/** @returns the config or label of that name, or a refusal */
export function findNamed(shelf: ConfigShelf, name: string): { found: Shelved } | { refusal: CliReply } {
  const invalid = invalidName(name);
  if (invalid !== undefined) return { refusal: invalid };
  const found = shelf.find(name);
  return found === undefined ? { refusal: wrong(`No VCL named ${name} known\n`) } : { found };
}

export function wantedState(text: string): WantedState | CliReply {
  if (text === 'auto' || text === 'cold' || text === 'warm') return text;
  return wrong('State must be one of auto, cold or warm.');
}
