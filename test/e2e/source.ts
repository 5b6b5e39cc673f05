/** Sources of the apps that end-to-end tests push. */
export interface SourceOptions {
  version: string;
  /** Status that `/` answers. */
  status?: number;
  /** A build script; none: nothing to build. */
  build?: string;
  /** Wait before listening. */
  delayMs?: number;
  /** Lines to put in front of the server. */
  before?: string;
}

/** Answers what the load client asks; `/started` tells when this very process started. */
export function appSource({
  version,
  status = 200,
  build,
  delayMs = 0,
  before = '',
}: SourceOptions): Record<string, string> {
  const scripts = { start: 'node server.js', ...(build === undefined ? {} : { build }) };
  return {
    'package.json': `${JSON.stringify({ name: 'probe', version: '1.0.0', private: true, scripts }, null, 2)}\n`,
    'package-lock.json': `${JSON.stringify({ name: 'probe', version: '1.0.0', lockfileVersion: 3, requires: true, packages: { '': { name: 'probe', version: '1.0.0' } } }, null, 2)}\n`,
    'server.js': `
const http = require('node:http');
const { createHash } = require('node:crypto');
const startedAt = Date.now();
${before}
const server = http.createServer((request, response) => {
  response.setHeader('x-version', ${JSON.stringify(version)});
  if (request.url === '/started') return response.end(String(startedAt));
  if (request.url === '/environment') return response.end(JSON.stringify(process.env));
  if (request.url === '/hold') return response.write('held');
  if (request.url === '/slow') {
    let left = 10;
    response.write('slow');
    const timer = setInterval(() => {
      response.write('.');
      left -= 1;
      if (left === 0) { clearInterval(timer); response.end(); }
    }, 200);
    return;
  }
  const hash = createHash('sha256');
  request.on('data', (chunk) => hash.update(chunk));
  request.on('end', () => {
    response.setHeader('x-body-sha256', hash.digest('hex'));
    response.statusCode = ${status};
    response.end('version ' + ${JSON.stringify(version)} + '\\n');
  });
});
setTimeout(() => server.listen(process.env.PORT, () => console.log('listening')), ${delayMs});
`,
  };
}
