/** Drives one proxy hard over kept-alive connections and reads what CPU time each request took. Starts no proxy. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { cpuMs } from './processes.ts';
import { type Contender, HOST } from './proxies.ts';

const CONNECTIONS = 64;
/** What a browser sends. */
const HEADERS = [
  `Host: ${HOST}`,
  'User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0',
  'Accept: text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8',
  'Accept-Language: en-US,en;q=0.5',
  'Accept-Encoding: gzip, deflate, br',
  'Connection: keep-alive',
  'Cookie: session=0123456789abcdef0123456789abcdef',
];

export interface Slice {
  requests: number;
  /** CPU time of the proxy per request. */
  cpuUs: number;
  /** The same of the process beside it. */
  helperUs: number;
}

const run = promisify(execFile);

/** On core `core`, for so many seconds. Throws when an answer was no success. */
export async function drive(proxy: Contender, { core, seconds }: { core: number; seconds: number }): Promise<Slice> {
  const headers = HEADERS.flatMap((header) => ['-H', header]);
  const url = `http://127.0.0.1:${proxy.port}/a/path?x=1`;
  const wrk = ['wrk', '-t1', `-c${CONNECTIONS}`, `-d${seconds}s`, ...headers, url];
  const before = await both(proxy);
  const { stdout } = await run('taskset', ['--cpu-list', String(core), ...wrk]);
  const after = await both(proxy);
  const requests = Number(/(\d+) requests in/.exec(stdout)?.[1] ?? 0);
  if (requests === 0 || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${proxy.name} failed: ${stdout}`);
  const perRequest = (ms: number) => (ms * 1_000) / requests;
  return { requests, cpuUs: perRequest(after.own - before.own), helperUs: perRequest(after.helper - before.helper) };
}

async function both({ pid, helperPid }: Contender): Promise<{ own: number; helper: number }> {
  return { own: await cpuMs(pid), helper: helperPid === null ? 0 : await cpuMs(helperPid) };
}
