/**
 * The examples are the documents', byte for byte, but for hosts, which are loopback, for line ends that the pages of a
 * manual have lost, and for what cannot have been meant.
 */
import { afterAll, describe, expect, test } from 'vitest';
import { loadVclFile, upgradeVclFile } from '../../../src/vcl/load-vcl.ts';
import { ConfigFolder } from '../../config/config-folder.ts';
import {
  documentsAreHere,
  exampleNames,
  type Passage,
  passages,
  passagesIn,
  readDocument,
  readExample,
} from './reference-documents.ts';

const peer = '000_3ee6f53f4ed7169a';
const readme = '001_0c24fc0c3e9c0974';
const saintmode = '002_d97fb6d4e3e79f59';
const directors = '003_66763a67b75656ab';
const backends = '004_da3bfcbad8fb78ed';

const folder = new ConfigFolder();
afterAll(() => folder.remove());

/** Hosts, which are nobody's here. */
const hosts: Readonly<Record<string, readonly string[]>> = {
  [`${peer} 52-52`]: ['10.9.1.111'],
  [`${readme} 37-71`]: ['some host'],
  [`${saintmode} 78-91`]: ['foo', 'bar'],
};

/** Words behind which a line ended, before it was filled. */
const lineEnds: Readonly<Record<string, readonly string[]>> = {
  [`${saintmode} 78-91`]: [
    'Instantiate sm0, sm1 for backends b0, b1',
    'Use sm0, sm1 in place of b0, b1',
    '(beresp.status == 500) {',
    'for this specific',
    'for the next 20s.',
  ],
  [`${directors} 175-176`]: ['1/3   to  backend2.'],
  [`${directors} 244-245`]: ['cookie header from the client'],
};

/** A quote that ends nothing; and brackets, which say in a synopsis that something may be left out. */
const others: Readonly<Record<string, readonly (readonly [written: string, meant: string])[]>> = {
  [`${peer} 180-183`]: [[`"POST';`, `"POST";`]],
  [`${directors} 9-9`]: [
    ['[from "path"]', ''],
    ['[from "path"]', 'from "path"'],
  ],
};

/** All that may stand for a passage in a program. */
function restored({ document, lines, text }: Passage): readonly string[] {
  const key = `${document} ${lines}`;
  let base = text;
  for (const host of hosts[key] ?? []) base = replaceOnce(base, `"${host}"`, '"127.0.0.1"');
  for (const words of lineEnds[key] ?? []) {
    const at = base.indexOf(words);
    expect(base.indexOf(words, at + 1), `${words} stands in ${key} once`).toBe(-1);
    base = base.slice(0, at + words.length) + base.slice(at + words.length).replace(/^ +/, '\n');
  }
  const meant = (others[key] ?? []).map(([from, to]) => replaceOnce(base, from, to));
  return meant.length === 0 ? [base] : meant;
}

function replaceOnce(text: string, from: string, to: string): string {
  expect(text.split(from), `${from} stands there once`).toHaveLength(2);
  return text.replace(from, () => to);
}

describe('the examples of the documents', () => {
  test.skipIf(!documentsAreHere)('are copied from them byte for byte', () => {
    for (const { document, lines, text } of passages()) {
      const [first = 0, last = 0] = lines.split('-').map(Number);
      const written = readDocument(document)
        .slice(first - 1, last)
        .join('\n');
      expect(text, `${document} ${lines}`).toBe(written);
    }
  });

  test.skipIf(!documentsAreHere)('are all there are', () => {
    // Every line of a document that has VCL's punctuation, or a command, is in a passage, but prototypes and prose.
    const code = /[;{}]\s*$|^\t\S/;
    const copied = new Set(
      passages().flatMap(({ document, text }) => text.split('\n').map((line) => document + line)),
    );
    const left = [peer, readme, saintmode, directors, backends].flatMap((document) =>
      readDocument(document).filter((line) => code.test(line) && !copied.has(document + line)),
    );
    expect(left).toEqual(['\t{VCL-name, IPv4+port, IPv6+port}']);
  });

  test('are changed in programs in nothing but what was lost', () => {
    const known = new Map(passages().map((passage) => [`${passage.document} ${passage.lines}`, passage]));
    for (const name of exampleNames) {
      for (const { document, lines, text } of passagesIn(readExample(name))) {
        const passage = known.get(`${document} ${lines}`);
        expect(passage, `${name}: ${document} ${lines}`).toBeDefined();
        if (passage !== undefined) expect(restored(passage), `${name}: ${lines}`).toContain(text);
      }
    }
  });

  test.each(exampleNames)('%s loads, and stays what it is in VCL 4.1', async (name) => {
    const file = folder.write(`${name}.vcl`, readExample(name));
    await expect(loadVclFile(file)).resolves.toBeDefined();
    const upgraded = await upgradeVclFile(file);
    const again = folder.write(`${name}.41.vcl`, upgraded);
    await expect(loadVclFile(again)).resolves.toBeDefined();
    expect(await upgradeVclFile(again)).toBe(upgraded);
  });

  test('each stand in a program; patterns of names are asked for elsewhere', () => {
    const used = new Set(
      exampleNames.flatMap((name) =>
        passagesIn(readExample(name)).map(({ document, lines }) => `${document} ${lines}`),
      ),
    );
    const unused = passages().filter(({ document, lines }) => !used.has(`${document} ${lines}`));
    expect(unused.map(({ document }) => document)).toEqual([backends, backends]);
  });
});
