/** The API: what can be asked, and what can be done. Purge comes with the cache. */
import { endpoint } from './endpoint.ts';
import { actorsQuerySchema, actorsSchema } from './schema/actor-schema.ts';
import {
  backendSchema,
  backendsQuerySchema,
  backendsSchema,
  healthBodySchema,
  healthSetSchema,
} from './schema/backend-schema.ts';
import { banBodySchema, bannedSchema } from './schema/ban-schema.ts';
import {
  configsSchema,
  loadBodySchema,
  stateBodySchema,
  switchSchema,
  useQuerySchema,
} from './schema/config-schema.ts';
import { directorsQuerySchema, directorsSchema } from './schema/director-schema.ts';
import { failedRequestsQuerySchema, failedRequestsSchema } from './schema/failed-request-schema.ts';
import { peersSchema } from './schema/peer-schema.ts';
import { pollersQuerySchema, pollersSchema } from './schema/poller-schema.ts';
import { purgeBodySchema, purgedSchema } from './schema/purge-schema.ts';
import { liftBodySchema, liftedSchema, saintEntriesSchema, saintQuerySchema } from './schema/saint-schema.ts';
import { statusSchema } from './schema/traffic-schema.ts';
import { backendNamed, backendsNamed, knownBackends } from './show/known-backends.ts';
import { nextOf, pageOf } from './show/page.ts';
import { previewSwitch } from './show/preview-switch.ts';
import { actorAddresses, showActor } from './show/show-actors.ts';
import { backendView, showBackend } from './show/show-backends.ts';
import { showConfigs } from './show/show-configs.ts';
import { showDirectors } from './show/show-directors.ts';
import { showFailedRequests } from './show/show-failed-requests.ts';
import { showPeers } from './show/show-peers.ts';
import { showPoller } from './show/show-pollers.ts';
import { showSaintEntries } from './show/show-saint-entries.ts';
import { showStatus } from './show/show-status.ts';

/** Entries on a page, at most: some 2 ms of work, as for backends with all their counters. */
const PAGE = 1_000;
const BACKENDS_PAGE = 250;
/** With 64 probes each. */
const HISTORY_PAGE = 100;

const look = [
  endpoint({
    method: 'GET',
    path: '/api/v1/status',
    summary: 'Version, config in use, and counters of everything served',
    answer: statusSchema,
    run: ({ stage }) => showStatus(stage),
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/configs',
    summary: 'Loaded configs',
    answer: configsSchema,
    run: ({ stage }) => showConfigs(stage.operated.control),
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/backends',
    summary: 'Backends: health, orders, counters, latest probes',
    query: backendsQuerySchema,
    answer: backendsSchema,
    run({ stage: { operated }, query }) {
      const { backend, history = false } = query;
      const { control } = operated;
      const all = backend === undefined ? knownBackends(control) : backendsNamed(control, backend);
      const page = pageOf(all, query, history ? HISTORY_PAGE : BACKENDS_PAGE);
      const view = backendView(operated);
      return { backends: page.items.map((one) => showBackend(view, one, history)), ...nextOf(page) };
    },
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/backends/{backend}',
    summary: 'One backend, with the history of its latest 64 probes',
    answer: backendSchema,
    run({ stage: { operated }, params }) {
      const known = backendNamed(operated.control, params['backend'] ?? '');
      return showBackend(backendView(operated), known, true);
    },
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/directors',
    summary: "A config's directors as trees, with health rolled up",
    query: directorsQuerySchema,
    answer: directorsSchema,
    run: ({ stage, query }) => showDirectors(stage.operated.control, query.config),
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/saint-entries',
    summary: 'Objects that are denied to backends',
    query: saintQuerySchema,
    answer: saintEntriesSchema,
    run: ({ stage, query }) => showSaintEntries(stage.operated, query),
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/pollers',
    summary: 'Pollers: whose probe each uses, and when the next one is due',
    query: pollersQuerySchema,
    answer: pollersSchema,
    run({ stage: { operated }, query }) {
      const { control } = operated;
      const all =
        query.backend === undefined ? knownBackends(control) : backendsNamed(control, query.backend);
      const page = pageOf(all, query, PAGE);
      const pollers = page.items.flatMap(({ identity }) => showPoller(operated, identity) ?? []);
      return { pollers, ...nextOf(page) };
    },
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/peers',
    summary: 'Peers: queues, threads, counters',
    answer: peersSchema,
    run: ({ stage }) => showPeers(stage.operated),
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/actors',
    summary: 'Actors: the state of each, and its last transitions',
    query: actorsQuerySchema,
    answer: actorsSchema,
    run({ stage: { operated, transitions }, query }) {
      const page = pageOf(actorAddresses(operated.control, query.kind, query.id), query, PAGE);
      const actors = page.items.flatMap((one) => showActor(operated.control, transitions, one) ?? []);
      return { actors, ...nextOf(page) };
    },
  }),
  endpoint({
    method: 'GET',
    path: '/api/v1/failed-requests',
    summary: 'The requests that failed last, each with its story',
    query: failedRequestsQuerySchema,
    answer: failedRequestsSchema,
    run: ({ stage, query }) => showFailedRequests(stage.operated, query.limit),
  }),
];

const act = [
  endpoint({
    method: 'POST',
    path: '/api/v1/configs',
    summary: 'Load a config from a file, beside those that are loaded (vcl.load)',
    body: loadBodySchema,
    answer: configsSchema,
    async run({ stage, body: { name, file } }) {
      stage.checkLoadable(file);
      await stage.operated.load(name, file);
      return showConfigs(stage.operated.control);
    },
  }),
  endpoint({
    method: 'POST',
    path: '/api/v1/configs/{name}/use',
    summary: 'Switch to a config, or say what that would change (vcl.use)',
    query: useQuerySchema,
    answer: switchSchema,
    async run({ stage, params: { name = '' }, query }) {
      const { operated } = stage;
      const preview = previewSwitch(operated.control, name);
      if (query['dry-run'] === true) return preview;
      await operated.use(name);
      return { ...preview, done: true };
    },
  }),
  endpoint({
    method: 'POST',
    path: '/api/v1/configs/{name}/discard',
    summary: 'Discard a config that is not in use (vcl.discard)',
    answer: configsSchema,
    async run({ stage: { operated }, params: { name = '' } }) {
      await operated.discard(name);
      return showConfigs(operated.control);
    },
  }),
  endpoint({
    method: 'POST',
    path: '/api/v1/configs/{name}/state',
    summary: 'Cool a config, warm it up again, or let it cool down when nobody needs it (vcl.state)',
    body: stateBodySchema,
    answer: configsSchema,
    async run({ stage: { operated }, params: { name = '' }, body }) {
      await operated.setState(name, body.state);
      return showConfigs(operated.control);
    },
  }),
  endpoint({
    method: 'POST',
    path: '/api/v1/backends/{backend}/health',
    summary: 'Order backends healthy, sick, auto or drain (backend.set_health)',
    body: healthBodySchema,
    answer: healthSetSchema,
    run({ stage: { operated }, params, body: { health } }) {
      const backends = backendsNamed(operated.control, params['backend'] ?? '').map((one) => one.identity);
      for (const identity of backends) operated.control.setHealth(identity, health);
      return { health, backends };
    },
  }),
  endpoint({
    method: 'POST',
    path: '/api/v1/saint-entries/lift',
    summary: 'Lift saint entries before their time',
    body: liftBodySchema,
    answer: liftedSchema,
    run({ stage: { operated }, body: { backend, object } }) {
      const { control } = operated;
      if (backend === undefined) return { lifted: control.lift(undefined, object) };
      const counts = backendsNamed(control, backend).map(({ identity }) => control.lift(identity, object));
      return { lifted: counts.reduce((sum, lifted) => sum + lifted, 0) };
    },
  }),
  endpoint({
    method: 'POST',
    path: '/api/v1/purge',
    summary: 'Take what is stored under a URL out of the cache',
    body: purgeBodySchema,
    answer: purgedSchema,
    run: ({ stage: { operated }, body: { url, soft } }) => ({ purged: operated.purge(url, { soft }) }),
  }),
  endpoint({
    method: 'POST',
    path: '/api/v1/ban',
    summary: 'Ban everything in the cache that all conditions hold of',
    body: banBodySchema,
    answer: bannedSchema,
    run({ stage: { operated }, body: { conditions } }) {
      operated.ban(conditions);
      return { banned: conditions };
    },
  }),
];

export const endpoints = [...look, ...act];
