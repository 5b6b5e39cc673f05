/**
 * The app that the load proof pushes: answers every kind of its traffic, names version and instance in each answer, and
 * tells the collector the number of each POST before it answers. Stands on node: modules only.
 */
const http = require('node:http');
const net = require('node:net');
const { createHash } = require('node:crypto');
const { readFileSync } = require('node:fs');

// Put in by whoever pushes it.
const { version, collectorHost, collectorPort } = JSON.parse('FACTS');
const instance = process.env.INSTANCE_ID;
const startedAt = Date.now();

/** The host as a container sees it: its default gateway. */
function gateway() {
  const route = readFileSync('/proc/net/route', 'utf8')
    .split('\n')
    .map((line) => line.split('\t'));
  const address = route.find((columns) => columns[1] === '00000000')[2];
  return address
    .match(/../g)
    .reverse()
    .map((byte) => Number.parseInt(byte, 16))
    .join('.');
}

function stream(response, line, { times, everyMs }) {
  let sent = 0;
  const next = () => {
    sent += 1;
    response.write(line(sent));
    if (sent === times) response.end();
  };
  const timer = setInterval(next, everyMs);
  response.once('close', () => clearInterval(timer));
  next();
}

function takeBody(request, response, collector) {
  const hash = createHash('sha256');
  request.on('data', (chunk) => hash.update(chunk));
  request.once('end', () => {
    collector.write(`${request.headers['x-id']}\n`);
    response.setHeader('x-body-sha256', hash.digest('hex'));
    response.end('ok\n');
  });
}

function answer(request, response, collector) {
  response.setHeader('x-version', version);
  response.setHeader('x-instance', instance);
  if (request.method === 'POST') takeBody(request, response, collector);
  else if (request.url === '/slow') stream(response, (i) => `part ${i}\n`, { times: 10, everyMs: 150 });
  else if (request.url === '/events') {
    response.setHeader('content-type', 'text/event-stream');
    stream(response, (i) => `id: ${i}\ndata: version ${version}\n\n`, { times: -1, everyMs: 100 });
  } else if (request.url === '/about') response.end(JSON.stringify({ instance, pid: process.pid, startedAt, version }));
  else response.end(`version ${version}\n`);
}

/** Echoes frames of fewer than 126 bytes. */
function echo(request, socket, head) {
  const accept = createHash('sha1').update(
    `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`,
  );
  socket.write(
    'HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n' +
      `Sec-WebSocket-Accept: ${accept.digest('base64')}\r\nX-Version: ${version}\r\nX-Instance: ${instance}\r\n\r\n`,
  );
  let seen = head;
  socket.on('error', () => socket.destroy());
  socket.on('end', () => socket.end());
  socket.on('data', (chunk) => {
    seen = Buffer.concat([seen, chunk]);
    for (;;) {
      const size = (seen[1] ?? 0) & 0x7f;
      if (seen.length < 6 + size) return;
      const payload = seen.subarray(6, 6 + size).map((byte, i) => byte ^ seen[2 + (i % 4)]);
      socket.write(Buffer.concat([Buffer.from([seen[0], size]), payload]));
      if (seen[0] === 0x88) socket.end();
      seen = seen.subarray(6 + size);
    }
  });
}

const host = collectorHost === 'gateway' ? gateway() : collectorHost;
const collector = net.connect({ host, port: collectorPort, noDelay: true }, () => {
  const server = http.createServer((request, response) => answer(request, response, collector));
  server.on('upgrade', echo);
  // Long, so that an idle connection of the router's is never stale.
  server.keepAliveTimeout = 60_000;
  server.listen(process.env.PORT);
});
collector.on('error', (error) => {
  console.error(`the collector at ${host}: ${error.message}`);
  process.exit(1);
});
