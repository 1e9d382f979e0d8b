/** Reads XML strictly, as far as it is written here: elements, attributes, text, comments. What is not well-formed throws. */

export interface XmlElement {
  readonly tag: string;
  readonly attributes: Readonly<Record<string, string>>;
  readonly children: readonly XmlElement[];
  /** Of its own, without its children's. */
  readonly text: string;
}

const NAME = '[A-Za-z_:][\\w:.-]*';
const token = new RegExp(
  `<\\?xml [^?]*\\?>|<!--(?:(?!--)[^])*(?<!-)-->|<(?<close>/)?(?<tag>${NAME})(?<attributes>(?:\\s+${NAME}="[^"<]*")*)\\s*(?<empty>/)?>|(?<text>[^<]+)`,
  'y',
);
const attribute = new RegExp(`(${NAME})="([^"]*)"`, 'g');
const entity = /&(amp|lt|gt|quot|#\d+);/g;
// biome-ignore lint/suspicious/noControlCharactersInRegex: XML 1.0, section 2.2
const legal = /^[\u0009\u000A\u000D\u0020-\uD7FF\uE000-\uFFFD\u{10000}-\u{10FFFF}]*$/u;

export function parseXml(source: string): XmlElement {
  if (!legal.test(source)) throw new Error('characters that XML has not');
  const top = { tag: '', attributes: {}, children: [] as XmlElement[], text: '' };
  const open: (Omit<XmlElement, 'children' | 'text'> & { children: XmlElement[]; text: string })[] = [top];
  token.lastIndex = 0;
  while (token.lastIndex < source.length) {
    const at = token.lastIndex;
    const match = token.exec(source);
    if (match === null) throw new Error(`not well-formed at ${source.slice(at, at + 60)}`);
    const { close, tag, attributes = '', empty, text } = match.groups ?? {};
    const inner = open.at(-1) ?? top;
    if (text !== undefined) {
      inner.text += decoded(text);
    } else if (close !== undefined) {
      if (open.length < 2 || inner.tag !== tag) throw new Error(`</${tag}> closes <${inner.tag}>`);
      open.pop();
    } else if (tag !== undefined) {
      const element = { tag, attributes: attributesIn(attributes), children: [], text: '' };
      inner.children.push(element);
      if (empty === undefined) open.push(element);
    }
  }
  const [root, ...others] = top.children;
  if (open.length > 1 || root === undefined || others.length > 0 || top.text.trim() !== '') {
    throw new Error('there is not exactly one element around all others');
  }
  return root;
}

/** An element and all in it, outer ones first. */
export function elementsOf(element: XmlElement): XmlElement[] {
  return [element, ...element.children.flatMap(elementsOf)];
}

function attributesIn(text: string): Record<string, string> {
  const entries = [...text.matchAll(attribute)].map(
    ([, name = '', value = '']) => [name, decoded(value)] as const,
  );
  if (new Set(entries.map(([name]) => name)).size < entries.length)
    throw new Error(`an attribute twice in ${text}`);
  return Object.fromEntries(entries);
}

const names: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"' };

function decoded(text: string): string {
  if (/&(?!(?:amp|lt|gt|quot|#\d+);)/.test(text)) throw new Error(`a bare & in ${text}`);
  return text.replace(
    entity,
    (_, name: string) => names[name] ?? String.fromCodePoint(Number(name.slice(1))),
  );
}
