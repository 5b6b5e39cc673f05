const { createHash } = require('node:crypto');
const http = require('node:http');
const { setTimeout: pause } = require('node:timers/promises');

const version = 'version 1';
const started = new Date().toISOString();

function home(response) {
  response.end(`Hello from ${version}\nstarted ${started}\n`);
}

// A page that takes two seconds.
async function slow(response) {
  for (let part = 1; part <= 10; part += 1) {
    response.write(`part ${part} of 10 from ${version}\n`);
    await pause(200);
  }
  response.end();
}

// Says what it was sent.
async function receive(request, response) {
  const hash = createHash('sha256');
  for await (const chunk of request) hash.update(chunk);
  response.end(`${hash.digest('hex')} came to ${version}\n`);
}

const server = http.createServer(async (request, response) => {
  response.setHeader('content-type', 'text/plain');
  try {
    if (request.method === 'POST') await receive(request, response);
    else if (request.url === '/slow') await slow(response);
    else home(response);
  } catch (error) {
    console.error(error.message);
    response.statusCode = 500;
    response.end('Something went wrong\n');
  }
});

server.listen(process.env.PORT ?? 8080, () => console.log(`${version} listens on port ${server.address().port}`));

// Let running requests end before leaving.
process.on('SIGTERM', () => server.close(() => process.exit(0)));
