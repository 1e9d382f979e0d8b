/**
 * V8's settings for a process that is a proxy; imported before anything else.
 *
 * Allocation-site pretenuring puts arrays into the old generation at once where many of them have survived
 * before. While Troupe starts, few requests are in flight and each lives through several collections, so V8
 * learns that the arrays of header fields live long. They do not, and in the old generation each keeps its
 * request's strings alive until a full collection: 5 of 49 µs a request (`npm run bench -- pass`).
 */
import { setFlagsFromString } from 'node:v8';

setFlagsFromString('--no-allocation-site-pretenuring');
