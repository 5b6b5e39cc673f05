/** A process that owns an embedded PostgreSQL until it is killed; the tests kill it. Prints one line when ready. */
import { startEmbeddedPostgres } from '../src/embedded/index.ts';

const [dataDir = '', uid = '', gid = ''] = process.argv.slice(2);
const runAs = uid === '' ? null : { uid: Number(uid), gid: Number(gid) };
const server = await startEmbeddedPostgres({ dataDir, runAs, log: () => {} });
process.stdout.write(`${JSON.stringify({ connection: server.connection, pid: server.pid() })}\n`);
setInterval(() => {}, 60_000);
