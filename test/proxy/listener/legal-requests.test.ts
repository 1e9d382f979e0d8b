/** Requests that look like refused ones, and must be served: [what is unusual, bytes, what the server understood]. */
import { expect, test } from 'vitest';
import { describe200, RawClient, serve } from './harness.ts';

const get = (line: string, fields = '') => `${line} HTTP/1.1\r\nHost: a\r\n${fields}\r\n`;
const chunked = (body: string) => `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${body}`;

const legal: readonly (readonly [string, string, string])[] = [
  ['nothing', get('GET /'), 'GET / -'],
  ['an empty line before the request', `\r\n${get('GET /')}`, 'GET / -'],
  ['two empty lines before the request', `\r\n\r\n${get('GET /')}`, 'GET / -'],
  ['a method that nobody has registered', get('BAN /'), 'BAN / -'],
  ['a method of symbols', get("!#$%&'*+-.^_`|~ /"), "!#$%&'*+-.^_`|~ / -"],
  ['a lower-case method', get('get /'), 'get / -'],
  ['a method that begins like another', get('GETS /'), 'GETS / -'],
  ['a method of other protocols', get('DESCRIBE /'), 'DESCRIBE / -'],
  ['a method of 64 bytes', get(`${'A'.repeat(64)} /`), `${'A'.repeat(64)} / -`],
  ['the method of HTTP/2 prefaces', get('PRI /'), 'PRI / -'],
  [
    'a target with everything that is printable',
    get(`GET /!"$%&'()*+,-./09:;<=>?@AZ[\\]^_\`az{|}~`),
    `GET /!"$%&'()*+,-./09:;<=>?@AZ[\\]^_\`az{|}~ -`,
  ],
  ['a target with dots', get('GET /../a//b/./c'), 'GET /../a//b/./c -'],
  ['a target of slashes', get('GET //a/b'), 'GET //a/b -'],
  ['a target with a NUL encoded', get('GET /%00'), 'GET /%00 -'],
  ['a target with a bad escape', get('GET /%zz%'), 'GET /%zz% -'],
  ['the longest target', get(`GET /${'a'.repeat(8191)}`), `GET /${'a'.repeat(8191)} -`],
  ['the absolute form', get('GET http://b:80/c?d'), 'GET http://b:80/c?d -'],
  ['the absolute form without a path', get('GET HTTP://b'), 'GET HTTP://b -'],
  ['the absolute form with IPv6', get('GET http://[::1]:8080/'), 'GET http://[::1]:8080/ -'],
  ['the absolute form of a query', get('GET http://b?c'), 'GET http://b?c -'],
  ['the asterisk form', get('OPTIONS *'), 'OPTIONS * -'],
  ['a value with a tab', get('GET /', 'X: a\tb\r\n'), 'GET / -'],
  ['a value with high bytes', get('GET /', 'X: \x80\xff\r\n'), 'GET / -'],
  ['an empty value', get('GET /', 'X:\r\nY: \r\n'), 'GET / -'],
  ['no space after the colon', get('GET /', 'X:a\r\n'), 'GET / -'],
  ['spaces and tabs around a value', get('GET /', 'X: \t a \t \r\n'), 'GET / -'],
  ['a value of colons', get('GET /', 'X: :::\r\n'), 'GET / -'],
  ['a name of symbols', get('GET /', "!#$%&'*+-.^_`|~: a\r\n"), 'GET / -'],
  ['64 fields', get('GET /', 'X: a\r\n'.repeat(63)), 'GET / -'],
  ['the longest line', get('GET /', `X: ${'a'.repeat(8192 - 5)}\r\n`), 'GET / -'],
  ['no Host in HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', 'GET / -'],
  ...[
    'a',
    'A.Example',
    'a.',
    'a_b',
    '1.2.3.4',
    'a:8080',
    'a:',
    '[::1]',
    '[::1]:80',
    '[::ffff:1.2.3.4]',
    'a%20b',
    "a!$&'()*+;=",
    'xn--a',
    '-a',
    'a:0',
    'a:65535',
    '  a  ',
  ].map((host): readonly [string, string, string] => [
    `the Host '${host}'`,
    `GET / HTTP/1.1\r\nHost: ${host}\r\n\r\n`,
    'GET / -',
  ]),
  ['a body of nothing', get('POST /', 'Content-Length: 0\r\n'), 'POST / -'],
  ['a body with GET', `${get('GET /', 'Content-Length: 5\r\n')}hello`, 'GET / hello'],
  ['a body with an unregistered method', `${get('BAN /', 'Content-Length: 5\r\n')}hello`, 'BAN / hello'],
  ['a length with zeros before', `${get('POST /', 'Content-Length: 00005\r\n')}hello`, 'POST / hello'],
  ['a length with white space around', `${get('POST /', 'Content-Length: \t5  \r\n')}hello`, 'POST / hello'],
  ['a length in other letters', `${get('POST /', 'CONTENT-length: 5\r\n')}hello`, 'POST / hello'],
  [
    'a body that looks like a request',
    `${get('POST /', 'Content-Length: 18\r\n')}GET / HTTP/1.1\r\n\r\n`,
    'POST / GET / HTTP/1.1\r\n\r\n',
  ],
  ['a body and an empty line', `${get('POST /', 'Content-Length: 5\r\n')}hello\r\n`, 'POST / hello'],
  ['chunks', chunked('5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n'), 'POST / hello world'],
  ['no chunk', chunked('0\r\n\r\n'), 'POST / '],
  ['a chunk size in upper case', chunked('A\r\n0123456789\r\n0\r\n\r\n'), 'POST / 0123456789'],
  ['a chunk size in lower case', chunked('a\r\n0123456789\r\n0\r\n\r\n'), 'POST / 0123456789'],
  ['a chunk size with zeros before', chunked('0005\r\nhello\r\n000\r\n\r\n'), 'POST / hello'],
  [
    'chunked in other letters',
    `${get('POST /', 'TRANSFER-ENCODING: Chunked\r\n')}5\r\nhello\r\n0\r\n\r\n`,
    'POST / hello',
  ],
  ['a chunk extension', chunked('5;a\r\nhello\r\n0;b\r\n\r\n'), 'POST / hello'],
  [
    'chunk extensions with values',
    chunked('5;a=b;c="d;e\\"\t"\r\nhello\r\n0;a="";b=c\r\n\r\n'),
    'POST / hello',
  ],
  ['trailers', chunked('5\r\nhello\r\n0\r\nX: a\r\nY:\r\n\r\n'), 'POST / hello'],
  ['chunks that look like chunks', chunked('b\r\n0\r\n\r\nGET / \r\n0\r\n\r\n'), 'POST / 0\r\n\r\nGET / '],
  [
    'a chunked body with GET',
    `${get('GET /', 'Transfer-Encoding: chunked\r\n')}5\r\nhello\r\n0\r\n\r\n`,
    'GET / hello',
  ],
  ['an upgrade that nobody takes up', get('GET /', 'Connection: Upgrade\r\nUpgrade: h2c\r\n'), 'GET / -'],
  [
    'an upgrade with a counted body',
    `${get('POST /', 'Connection: Upgrade\r\nUpgrade: x\r\nContent-Length: 5\r\n')}hello`,
    'POST / hello',
  ],
  [
    'an upgrade with a chunked body',
    `${get('POST /', 'Connection: Upgrade\r\nUpgrade: x\r\nTransfer-Encoding: chunked\r\n')}5\r\nhello\r\n0\r\n\r\n`,
    'POST / hello',
  ],
  [
    'a length that Connection names',
    `${get('POST /', 'Connection: content-length\r\nContent-Length: 5\r\n')}hello`,
    'POST / hello',
  ],
  ['an expectation of nothing', get('GET /', 'Expect:\r\n'), 'GET / -'],
  ['an expectation without a body', get('GET /', 'Expect: 100-continue\r\n'), 'GET / -'],
  ['a coding that is only offered', get('GET /', 'TE: trailers, gzip;q=0.5\r\n'), 'GET / -'],
];

test.each(legal)('%s is served, and so is the request behind it', async (_, bytes, understood) => {
  const { port } = await serve(describe200);
  const client = await RawClient.connect(port);
  client.send(`${bytes}GET /last HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
  const answers = await client.untilEnd();
  const isPersistent = !bytes.includes('HTTP/1.0');
  const length = Buffer.byteLength(understood, 'latin1');
  expect(answers).toContain(`Content-Length: ${length}\r\n`);
  expect(answers).toContain(`\r\n\r\n${understood}${isPersistent ? 'HTTP/1.1 200 OK\r\n' : ''}`);
  expect(answers.endsWith('GET /last -')).toBe(isPersistent);
});

test('CONNECT is handed over as it is, and nothing behind a refused one is a request', async () => {
  const { port } = await serve(describe200);
  const client = await RawClient.connect(port);
  client.send('CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
  const answers = await client.untilEnd();
  expect(answers).toContain('\r\n\r\nCONNECT a:443 -');
  expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(1);
});
