/** The small app that the engine suite builds and starts; every path of it shows one behaviour. */
import { memorySource } from './source.ts';

const server = `
const http = require('node:http');
const startedAt = Date.now();
let longestPauseMs = 0;
let last = Date.now();
const held = [];
setInterval(() => {
  const now = Date.now();
  longestPauseMs = Math.max(longestPauseMs, now - last);
  last = now;
}, 5);
const answers = {
  '/': () => ({ startedAt, longestPauseMs, pid: process.pid }),
  '/environment': () => process.env,
  '/print': (query) => (console.log(query.get('text')), 'printed'),
  '/exit': (query) => (setImmediate(() => process.exit(Number(query.get('code')))), 'exiting'),
  '/burn': (query) => {
    const used = () => process.cpuUsage().user + process.cpuUsage().system;
    const end = used() + Number(query.get('ms')) * 1_000;
    while (used() < end);
    return used();
  },
  '/hold': (query) => (held.push(Buffer.alloc(Number(query.get('mib')) * 2 ** 20, 1)), held.length),
  '/ignore-sigterm': () => (process.on('SIGTERM', () => console.log('SIGTERM ignored')), 'ignoring'),
};
http
  .createServer((request, response) => {
    const url = new URL(request.url, 'http://app');
    const answer = answers[url.pathname];
    response.setHeader('connection', 'close');
    response.statusCode = answer ? 200 : 404;
    response.end(JSON.stringify(answer ? answer(url.searchParams) : null));
  })
  .listen(Number(process.env.PORT), '0.0.0.0', () => console.log('listening'));
`;

function manifest(scripts: Record<string, string>): string {
  return JSON.stringify({ name: 'probe', version: '1.0.0', private: true, scripts });
}

export function probeApp() {
  return memorySource({ 'package.json': manifest({ start: 'node server.js' }), 'server.js': server });
}

/** Its build prints a line and then runs `command`. */
export function appWithBuild(command: string) {
  return memorySource({
    'package.json': manifest({ start: 'node server.js', build: command }),
    'server.js': server,
  });
}
