/** Replies in JSON, with the frame that all of varnishd's have. */
import { type CliReply, reply } from './cli-reply.ts';

/**
 * `[ version, [words], time, ... ]`
 *
 * @param version of the command's own format
 * @param items each already in JSON
 * @param now seconds since 1970
 */
export function jsonReply(
  version: number,
  words: readonly string[],
  now: number,
  items: readonly string[],
): CliReply {
  const called = words.map((word) => JSON.stringify(word)).join(', ');
  const parts = items.map((item) => `,\n${indented(item)}`);
  return reply(`[ ${version}, [${called}], ${now.toFixed(3)}${parts.join('')}\n]\n`);
}

function indented(item: string): string {
  return item.replace(/^/gm, '  ');
}

/** An object over several lines. @param members names and values in JSON, or both in one text */
export function jsonObject(members: readonly (readonly [name: string, value: string] | string)[]): string {
  if (members.length === 0) return '{\n\n}';
  const lines = members.map((member) =>
    typeof member === 'string' ? member : `${JSON.stringify(member[0])}: ${member[1]}`,
  );
  return `{\n${indented(lines.join(',\n'))}\n}`;
}
