/** Text that may stand in XML: in an element, in an attribute, in a comment. */

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&#39;',
};

/** What XML 1.0 has no characters for (section 2.2), lone halves of surrogate pairs included. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: these are what it is about
const illegal = /[\u0000-\u0008\u000B\u000C\u000E-\u001F\uFFFE\uFFFF]|\p{Surrogate}/gu;

/** For elements and for attributes in quotes of either kind. */
export function escapeXml(text: string): string {
  return text.replace(illegal, '\uFFFD').replace(/[&<>"']/g, (character) => entities[character] ?? character);
}

/** For the inside of a comment, which must not contain two hyphens in a row nor end in one. */
export function commentText(text: string): string {
  return text.replace(illegal, '\uFFFD').replace(/-(?=-)|-$/g, '- ');
}
