/** Whoever watches a dashboard: a scrape of /metrics each second, and one reader of /events. */
import { once } from 'node:events';
import { get } from 'node:http';

const SCRAPE_EVERY_MS = 1_000;

/**
 * Begins to watch.
 *
 * @param {number} port
 * @returns {Promise<() => { scrapes: number, scrapeBytes: number, eventBytes: number }>} ends it, and says what came
 */
export async function watch(port) {
  let scrapes = 0;
  let scrapeBytes = 0;
  let eventBytes = 0;
  const [events] = await once(get({ host: '127.0.0.1', port, path: '/events' }), 'response');
  events.on('data', (chunk) => {
    eventBytes += chunk.length;
  });
  events.on('error', () => {});
  const scrape = () => {
    get({ host: '127.0.0.1', port, path: '/metrics' }, (response) => {
      scrapes++;
      response.on('data', (chunk) => {
        scrapeBytes += chunk.length;
      });
    }).on('error', () => {});
  };
  scrape();
  const timer = setInterval(scrape, SCRAPE_EVERY_MS);
  return () => {
    clearInterval(timer);
    events.destroy();
    return { scrapes, scrapeBytes, eventBytes };
  };
}
