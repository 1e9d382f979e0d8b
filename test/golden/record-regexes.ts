/**
 * Records what varnishd matches and replaces, for test/vcl/regex.test.ts. Needs varnishd 7.1.1:
 *
 *   npx jiti test/golden/record-regexes.ts
 */
import { writeFile } from 'node:fs/promises';
import {
  askVarnishdForRegexes,
  goldenRegexes,
  goldenRegexFile,
  regexCases,
} from '../vcl/regex/regex-table.ts';

const cases = regexCases();
await writeFile(goldenRegexFile, goldenRegexes(cases, await askVarnishdForRegexes(cases)));
