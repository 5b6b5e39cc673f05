/** A git remote in a process of its own, for tests that kill it. Says where it is, then what happens, one line of JSON each. */
import { startServer } from './server.ts';

const server = await startServer();
server.script.lines = async function* () {
  yield 'building';
  console.log(JSON.stringify({ event: 'building' }));
  await new Promise(() => {});
};
console.log(JSON.stringify({ event: 'listening', folder: server.folder, url: server.url('shop') }));
