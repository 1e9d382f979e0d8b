/** Configs, and what is done with them. */
import { z } from 'zod';
import { count, flagInQuery, identity, named } from './named.ts';

const configSchema = named(
  'Config',
  z.strictObject({
    name: z.string(),
    key: z.string().describe('name and number of the loading: names return, keys never do'),
    state: z.enum(['loading', 'warm', 'cold', 'active']),
    backends: count().describe('how many it declares; 0 while it is loading'),
    directors: count(),
    saintmodes: count(),
  }),
);

export const configsSchema = named(
  'Configs',
  z.strictObject({
    active: z.string().optional().describe('name of the config in use'),
    configs: z.array(configSchema),
    leaving: z.array(z.string()).describe('keys of discarded configs whose requests have not all ended'),
  }),
);

export const loadBodySchema = named(
  'LoadConfig',
  z.strictObject({
    name: z.string().min(1).max(128),
    file: z.string().min(1).max(4_096).describe('path on the machine that Troupe runs on'),
  }),
);

export const stateBodySchema = named(
  'ConfigState',
  z.strictObject({ state: z.enum(['auto', 'warm', 'cold']) }),
);

export const useQuerySchema = z.strictObject({
  'dry-run': flagInQuery().optional().describe('true: say what would change, and change nothing'),
});

const sickBackend = z.strictObject({
  identity: identity(),
  health: z.enum(['no-probe', 'unprobed', 'healthy', 'sick']),
  override: z.enum(['auto', 'healthy', 'sick', 'drain']),
});

export const switchSchema = named(
  'Switch',
  z.strictObject({
    config: z.string(),
    before: z.string().optional().describe('the config that was in use'),
    done: z.boolean().describe('false: it was a dry run'),
    newIdentities: z.array(identity()).describe('backends that the config in use before does not declare'),
    oldIdentities: z.array(identity()).describe('backends that only the config in use before declares'),
    pollersThatMove: z
      .array(
        z.strictObject({
          identity: identity(),
          from: z.string().optional().describe('key of the config whose probe is used; absent: it has none'),
          to: z.string().describe('key of the config whose probe is used then'),
        }),
      )
      .describe('pollers that take over the probe of this config'),
    sickBackends: z.array(sickBackend).describe('backends of this config that get no requests as things are'),
    sickDirectors: z.array(z.string()).describe('directors of this config without a healthy member'),
  }),
);

export type Configs = z.infer<typeof configsSchema>;
export type Switch = z.infer<typeof switchSchema>;
