/** Writes what varnishd says of each wrong program: `node test/golden/record-wrong-programs.ts`. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { askVarnishd, readWrongPrograms, type Verdict } from '../vcl/wrong-programs/wrong-programs.ts';

const golden: Record<string, Verdict | null> = {};
for (const program of await readWrongPrograms()) golden[program.title] = (await askVarnishd(program)) ?? null;
const file = join(import.meta.dirname, '../vcl/wrong-programs/varnishd-7.1.1.json');
await writeFile(file, `${JSON.stringify(golden, null, 2)}\n`);
