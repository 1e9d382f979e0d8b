/**
 * `troupe diagram`: draws Troupe's own machines; with -f a config, or the machines that a module exports. What is
 * drawn goes into a folder, or to standard output where it is one thing in one format.
 */
import { mkdir, writeFile } from 'node:fs/promises';
import { basename, extname, join } from 'node:path';
import { renderError } from '../config/report.ts';
import { drawablesIn } from '../diagram/drawables.ts';
import { endings, type Format, ownSubjects, type Subject } from '../diagram/subject.ts';
import { TroupeError } from '../errors.ts';
import type { CheckOutput } from './check.ts';

export interface DiagramOptions {
  /** A config, or a module that exports machines. Default: Troupe's own machines. */
  readonly file: string | undefined;
  /** The folder to write to; it is made if there is none. */
  readonly out: string | undefined;
  /** Default: svg and mermaid into a folder, svg to standard output. */
  readonly format: Format | undefined;
  /** Of what there is to draw, only these. */
  readonly only: readonly string[];
}

/** @returns the exit status: 0, or 1 with the reason on standard error */
export async function runDiagram(options: DiagramOptions, { out, err, color }: CheckOutput): Promise<number> {
  try {
    const subjects = chosen(await subjectsOf(options.file), options.only);
    const formats = formatsOf(options);
    const files = await Promise.all(
      subjects.flatMap((subject) => formats.flatMap((format) => fileOf(subject, format) ?? [])),
    );
    if (files.length === 0) throw noSuchFormat(subjects, formats);
    if (options.out === undefined) out(onlyOne(files).text);
    else {
      await writeAll(options.out, files);
      for (const { name } of files) out(`${join(options.out, name)}\n`);
    }
    return 0;
  } catch (error) {
    if (!(error instanceof TroupeError)) throw error;
    err(`${renderError(error, { color })}\n`);
    return 1;
  }
}

/** @throws TroupeError what is wrong with the file */
async function subjectsOf(file: string | undefined): Promise<Subject[]> {
  if (file === undefined) return ownSubjects();
  return drawablesIn(file, basename(file, extname(file)).replace(/\.config$/, ''));
}

function chosen(subjects: readonly Subject[], only: readonly string[]): readonly Subject[] {
  const names = subjects.map(({ name }) => name);
  const unknown = only.find((name) => !names.includes(name));
  if (unknown !== undefined) {
    throw refusal(`there is no chart '${unknown}'.`, `There are ${names.join(', ')}.`);
  }
  return only.length === 0 ? subjects : subjects.filter(({ name }) => only.includes(name));
}

function formatsOf({ format, out }: DiagramOptions): readonly Format[] {
  if (format !== undefined) return [format];
  return out === undefined ? ['svg'] : ['svg', 'mermaid'];
}

interface DiagramFile {
  readonly name: string;
  readonly text: string;
}

function fileOf({ name, formats }: Subject, format: Format): Promise<DiagramFile> | undefined {
  const write = formats[format];
  if (write === undefined) return undefined;
  return Promise.resolve(write()).then((text) => ({ name: `${name}.${endings[format]}`, text }));
}

function onlyOne(files: readonly DiagramFile[]): DiagramFile {
  const [file, ...others] = files;
  if (file === undefined || others.length > 0) {
    const names = files.map(({ name }) => name.replace(/\.[^.]*$/, ''));
    throw refusal(
      `there are ${files.length} charts, which cannot all go to standard output.`,
      `Name a folder with --out, or one of ${names.join(', ')}.`,
    );
  }
  return file;
}

async function writeAll(folder: string, files: readonly DiagramFile[]): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    for (const { name, text } of files) await writeFile(join(folder, name), text);
  } catch (error) {
    throw refusal(`${folder}: it cannot be written to: ${(error as Error).message}.`);
  }
}

function noSuchFormat(subjects: readonly Subject[], formats: readonly Format[]): TroupeError {
  const names = subjects.map(({ name }) => name).join(', ');
  return refusal(
    `${names} cannot be written as ${formats.join(' or ')}: it is a graph, and no state chart.`,
    'Use svg, mermaid or json.',
  );
}

function refusal(message: string, advice?: string): TroupeError {
  return new TroupeError('command.unknown-target', message, { side: 'troupe', advice });
}
