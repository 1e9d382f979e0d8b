/** Clients say in a field what they prefer, as JSON. What is not JSON is no wish. */
import { backend, defineConfig } from 'troupe';

const app = backend({ host: '10.0.0.1', port: 8080 });

function wishesOf(text: string | undefined): { language?: string } {
  try {
    const wishes: unknown = JSON.parse(text ?? '{}');
    return typeof wishes === 'object' && wishes !== null ? wishes : {};
  } catch {
    return {};
  }
}

export default defineConfig({
  backends: { app },

  recv({ req }) {
    const { language } = wishesOf(req.http.get('x-wishes'));
    req.http.set('accept-language', typeof language === 'string' ? language : 'en');
    return 'pass';
  },
});
