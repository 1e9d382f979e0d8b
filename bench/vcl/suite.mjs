/**
 * What VCL costs: loading a program with 1,000 backends, and a request's way through recv and deliver of 20 statements
 * each.
 */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fromDist } from '../support/dist.mjs';
import { describeMachine } from '../support/machine.mjs';
import { watchOtherPrograms } from '../support/other-programs.mjs';
import { median } from '../support/statistics.mjs';
import { markdownTable } from '../support/table.mjs';
import { programOfTwenty, programWithBackends } from './programs.mjs';

const BACKENDS = 1_000;

/** Fields as a browser and an origin send them. */
const asked = [
  ['Host', 'www.example.com'],
  ['User-Agent', 'Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0'],
  ['Accept', 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8'],
  ['Accept-Language', 'en-US,en;q=0.5'],
  ['Accept-Encoding', 'gzip'],
  ['Cookie', 'theme=dark; session=0123456789abcdef; consent=yes'],
  ['Referer', 'https://www.example.com/'],
  ['Cache-Control', 'max-age=0'],
  ['X-Forwarded-For', '192.0.2.1'],
].flat();
const answered = [
  ['Date', 'Sun, 06 Nov 1994 08:49:37 GMT'],
  ['Content-Type', 'text/html; charset=utf-8'],
  ['Server', 'nginx'],
  ['ETag', '"0123456789"'],
  ['Cache-Control', 'max-age=60'],
  ['X-Varnish', '1 2'],
  ['Age', '3'],
  ['Via', '1.1 troupe'],
].flat();

/** @param {boolean} short few repetitions: shows that it works */
export async function runVcl(short) {
  const others = watchOtherPrograms();
  const folder = mkdtempSync(join(tmpdir(), 'troupe-bench-vcl-'));
  try {
    const loads = await measureLoads(folder, short ? 3 : 15);
    const request = await measureRequest(folder, short ? 2_000 : 200_000);
    const machine = describeMachine();
    const rows = [
      [`${BACKENDS} backends read, checked and compiled: the first time, ms`, loads[0].toFixed(0)],
      ['the same, median, ms', median(loads).toFixed(0)],
      ['a recv of 20 statements, µs', request.recv.toFixed(2)],
      ['a deliver of 20 statements, µs', request.deliver.toFixed(2)],
    ];
    const lines = Object.entries(machine).map(([what, value]) => `${what}: ${value}`);
    const text = [
      ...lines,
      `meanwhile: other programs used ${others().toFixed(2)} cores`,
      '',
      markdownTable(['VCL', ''], rows),
    ].join('\n');
    return { result: { machine, loads, request }, text };
  } finally {
    rmSync(folder, { recursive: true });
  }
}

async function measureLoads(folder, times) {
  const { loadVclFile } = await fromDist('vcl/load-vcl');
  const file = join(folder, 'backends.vcl');
  writeFileSync(file, programWithBackends(BACKENDS));
  const loads = [];
  for (let time = 0; time < times; time++) {
    const before = process.cpuUsage();
    await loadVclFile(file);
    const { user, system } = process.cpuUsage(before);
    loads.push((user + system) / 1_000);
  }
  return loads;
}

/** Processor time, so that other programs count less; less what it costs to make the fields anew. */
async function measureRequest(folder, times) {
  const { loadVclFile } = await fromDist('vcl/load-vcl');
  const { Fields } = await fromDist('proxy/http/fields');
  const { ClientMessage, ResponseMessage } = await fromDist('proxy/request/messages');
  const file = join(folder, 'twenty.vcl');
  writeFileSync(file, programOfTwenty);
  const { hooks } = await loadVclFile(file);
  const fieldsOf = (raw) => new Fields(raw.slice(), true);
  const client = { ip: '127.0.0.1', port: 1 };
  const makeRecv = () => ({
    client,
    req: new ClientMessage(1, 'GET', '/articles/today?page=2', 'HTTP/1.1', fieldsOf(asked)),
  });
  const makeDeliver = () => ({
    client,
    req: new ClientMessage(1, 'GET', '/articles/today?page=2', 'HTTP/1.1', fieldsOf(asked)),
    resp: new ResponseMessage(200, 'OK', fieldsOf(answered)),
    obj: { hits: 3 },
  });
  return {
    recv: cost(makeRecv, (context) => hooks.recv(context), times),
    deliver: cost(makeDeliver, (context) => hooks.deliver(context), times),
  };
}

function cost(make, run, times) {
  const batches = [];
  for (let batch = 0; batch < 7; batch++) {
    batches.push(microseconds(() => run(make()), times) - microseconds(make, times));
  }
  return median(batches);
}

function microseconds(run, times) {
  const before = process.cpuUsage();
  for (let time = 0; time < times; time++) run();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / times;
}
