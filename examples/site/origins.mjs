/** Two origins for examples/site.vcl and examples/varnish3.vcl, on ports 9001 and 9002: the second fails for /broken. */
import { createServer } from 'node:http';

for (const [name, port] of [
  ['app1', 9001],
  ['app2', 9002],
]) {
  const server = createServer((request, response) => {
    const isBroken = name === 'app2' && request.url?.startsWith('/broken');
    response.statusCode = isBroken ? 500 : 200;
    response.setHeader('Content-Type', 'text/plain');
    response.end(
      isBroken ? `${name} does not like ${request.url}\n` : `${name} says: ${request.url} is fine\n`,
    );
  });
  server.listen(Number(port), '127.0.0.1', () => console.log(`${name} on 127.0.0.1:${port}`));
}
