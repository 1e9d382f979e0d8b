/**
 * undici's Client: one connection and the HTTP/1 on it. Taken by its path and not from the package's front
 * door, which puts a dispatcher of its own behind the global `fetch` of the program that it is loaded into;
 * undici's version is pinned, and test/proxy/fetch/ fails if the path or the interface changes.
 */
import { createRequire } from 'node:module';
import type { Client } from 'undici';

export type UndiciClient = Client;

export const UndiciClient = createRequire(import.meta.url)(
  'undici/lib/dispatcher/client.js',
) as typeof Client;
