/**
 * A finding as a file: the scenario that leads to it, and what it was. `troupe prove --replay` runs it again, and so
 * can a test.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { dirname, relative, resolve } from 'node:path';
import { z } from 'zod';
import { TroupeError } from '../errors.ts';
import { version } from '../version.ts';
import type { Scenario } from './scenario.ts';

const times = z.number().min(0);
const url = z.string().optional();

const fault = z.discriminatedUnion('kind', [
  z.object({ kind: z.literal('refuses') }),
  z.object({ kind: z.literal('vanishes') }),
  z.object({ kind: z.literal('hangs') }),
  z.object({ kind: z.literal('slow'), ms: times }),
  z.object({ kind: z.literal('fails'), status: z.int(), url }),
  z.object({ kind: z.literal('resets'), url }),
  z.object({ kind: z.literal('cuts') }),
  z.object({ kind: z.literal('flaps'), periodMs: z.number().positive() }),
]);

const operation = z.discriminatedUnion('command', [
  z.object({ command: z.literal('reload') }),
  z.object({ command: z.literal('load') }),
  z.object({ command: z.literal('use') }),
  z.object({ command: z.literal('discard') }),
  z.object({
    command: z.literal('set-health'),
    backend: z.string(),
    health: z.enum(['auto', 'healthy', 'sick', 'drain']),
  }),
]);

const act = z.discriminatedUnion('kind', [
  z.object({
    kind: z.literal('request'),
    request: z.object({
      method: z.string(),
      url: z.string(),
      host: z.string(),
      fields: z.array(z.string()),
      client: z.string(),
      times: z.int().min(1),
      bodyBytes: z.int().min(0),
    }),
  }),
  z.object({ kind: z.literal('fault'), at: z.string(), fault, forMs: times.optional() }),
  z.object({ kind: z.literal('operate'), operation }),
]);

const scenario = z.object({
  seed: z.int(),
  cacheControl: z.string().optional(),
  events: z.array(z.object({ afterMs: times, act })),
});

const storyFile = z.object({
  /** The version of Troupe that has found it. */
  troupe: z.string(),
  /** The config, from where this file is. */
  config: z.string(),
  /** What did not hold. */
  invariant: z.string(),
  message: z.string(),
  scenario,
});

/** A finding as it is written down. */
export interface SavedStory {
  /** Absolute path of the config. */
  readonly config: string;
  readonly invariant: string;
  readonly message: string;
  readonly scenario: Scenario;
}

export async function saveStory(file: string, story: SavedStory): Promise<void> {
  const config = relative(dirname(resolve(file)), resolve(story.config));
  const { invariant, message } = story;
  const text = JSON.stringify(
    { troupe: version, config, invariant, message, scenario: story.scenario },
    undefined,
    2,
  );
  await writeFile(file, `${text}\n`);
}

/** @throws TroupeError `config.unreadable`: there is no such file, or it was not written by `troupe prove` */
export async function readStory(file: string): Promise<SavedStory> {
  let json: unknown;
  try {
    json = JSON.parse(await readFile(file, 'utf8'));
  } catch (cause) {
    throw unusable(file, cause instanceof Error ? cause.message : String(cause));
  }
  const read = storyFile.safeParse(json);
  if (!read.success) throw unusable(file, z.prettifyError(read.error));
  const { config, invariant, message, scenario: found } = read.data;
  const { seed, cacheControl, events } = found;
  return {
    config: resolve(dirname(resolve(file)), config),
    invariant,
    message,
    scenario: {
      seed,
      cacheControl,
      events: events.map((event) =>
        event.act.kind === 'fault'
          ? { ...event, act: { ...event.act, forMs: event.act.forMs } }
          : { ...event, act: event.act },
      ),
    },
  };
}

function unusable(file: string, why: string): TroupeError {
  return new TroupeError(
    'config.unreadable',
    `${file}: this is no story that troupe prove has written: ${why}`,
    {
      side: 'troupe',
      advice: 'troupe prove FILE writes one when it finds something.',
    },
  );
}
