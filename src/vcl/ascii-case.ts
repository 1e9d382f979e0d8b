/** Upper and lower case of ASCII letters only, as varnishd has it: texts are bytes, and other letters are several. */

const beyondAscii = /[\x80-\uffff]/;

export function upperAscii(text: string): string {
  if (!beyondAscii.test(text)) return text.toUpperCase();
  return text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

export function lowerAscii(text: string): string {
  if (!beyondAscii.test(text)) return text.toLowerCase();
  return text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
