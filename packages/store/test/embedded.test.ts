import { spawn } from 'node:child_process';
import { chmod, mkdir, mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import pg from 'pg';
import { expect, it, onTestFinished, vi } from 'vitest';
import { blockedFolder, findBinaries } from '../src/embedded/binaries.ts';
import { type EmbeddedConnection, startEmbeddedPostgres } from '../src/embedded/index.ts';

/** Any user but root will do; this one is in every passwd file. */
async function ordinaryUser() {
  if (process.getuid?.() !== 0) return null;
  const line =
    (await readFile('/etc/passwd', 'utf8')).split('\n').find((text) => /^(teal-pg|nobody):/.test(text)) ?? '';
  const [, , uid, gid] = line.split(':');
  return { uid: Number(uid), gid: Number(gid) };
}

async function makeFolder(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'teal-pg-'));
  await chmod(folder, 0o711);
  onTestFinished(() => rm(folder, { recursive: true, force: true }));
  return folder;
}

async function start(dataDir: string) {
  const lines: string[] = [];
  const server = await startEmbeddedPostgres({ dataDir, runAs: await ordinaryUser(), log: (line) => lines.push(line) });
  onTestFinished(() => server.stop());
  return { server, lines };
}

async function query(connection: EmbeddedConnection, text: string): Promise<unknown[]> {
  const client = new pg.Client(connection);
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

const isAlive = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

/** Kills the postmaster and waits until another one answers. */
async function killAndWait(server: { pid(): number; connection: EmbeddedConnection }): Promise<void> {
  const before = server.pid();
  process.kill(before, 'SIGKILL');
  await vi.waitFor(() => expect(server.pid()).not.toBe(before), { timeout: 15_000, interval: 20 });
}

it('makes the database, on a private socket only, and keeps data over a restart', async () => {
  const dataDir = join(await makeFolder(), 'deeper/pg');
  // As in a hardened root shell: what Teal makes must still let PostgreSQL's user pass.
  const umask = process.umask(0o077);
  onTestFinished(() => void process.umask(umask));
  const first = await start(dataDir);
  const { connection } = first.server;
  expect(connection).toMatchObject({ user: 'teal', database: 'teal' });
  expect((await stat(connection.host)).mode & 0o777).toBe(0o700);
  await query(connection, 'create table kept (n int); insert into kept values (7)');
  expect(
    await query(
      connection,
      "select name, setting from pg_settings where name in ('fsync', 'listen_addresses') order by 1",
    ),
  ).toEqual([
    { name: 'fsync', setting: 'on' },
    { name: 'listen_addresses', setting: '' },
  ]);
  const pid = first.server.pid();
  await Promise.all([first.server.stop(), first.server.stop()]);
  // Ended, it stays a number until this process has heard of it.
  await vi.waitUntil(() => !isAlive(pid));

  const second = await start(dataDir);
  expect(second.server.adopted).toBe(false);
  expect(await query(second.server.connection, 'select n from kept')).toEqual([{ n: 7 }]);
  expect((await readdir(dataDir)).filter((name) => name.includes('new') || name.includes('partial'))).toEqual([]);
});

it('starts the server again after it was killed, with nothing lost, even past a busy orphan', async () => {
  const { server, lines } = await start(join(await makeFolder(), 'pg'));
  await query(server.connection, 'create table kept (n int); insert into kept select generate_series(1, 1000)');
  const busy = query(server.connection, 'do $$ begin loop end loop; end $$').catch(() => 'ended');
  await vi.waitFor(async () =>
    expect(
      await query(server.connection, "select 1 from pg_stat_activity where query like 'do %' and state = 'active'"),
    ).toHaveLength(1),
  );
  await killAndWait(server);
  expect(await busy).toBe('ended');
  expect(await query(server.connection, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }]);
  await killAndWait(server);
  expect(await query(server.connection, 'select count(*)::int as n from kept')).toEqual([{ n: 1000 }]);
  expect(lines.filter((line) => line.includes('is back'))).toHaveLength(2);
});

it('keeps watching when only its connections are ended', async () => {
  const { server } = await start(join(await makeFolder(), 'pg'));
  const pid = server.pid();
  await query(
    server.connection,
    'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
  );
  await vi.waitFor(async () =>
    expect(
      await query(server.connection, "select 1 from pg_stat_activity where application_name = 'teal-supervisor'"),
    ).toHaveLength(1),
  );
  expect(server.pid()).toBe(pid);
  await killAndWait(server);
});

it('adopts the server of a killed owner, and refuses a second owner while the first lives', async () => {
  const dataDir = join(await makeFolder(), 'pg');
  const user = await ordinaryUser();
  const args = [
    join(import.meta.dirname, 'embedded-owner.ts'),
    dataDir,
    ...(user ? [`${user.uid}`, `${user.gid}`] : []),
  ];
  const owner = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] });
  onTestFinished(() => void owner.kill('SIGKILL'));
  const [line] = await createInterface({ input: owner.stdout })
    [Symbol.asyncIterator]()
    .next()
    .then(({ value }) => [String(value)]);
  const { connection, pid } = JSON.parse(line ?? '');
  await query(connection, 'create table kept (n int)');
  await expect(start(dataDir)).rejects.toMatchObject({ code: 'data_folder_in_use', facts: { pid: String(owner.pid) } });

  const gone = new Promise((resolve) => owner.once('exit', resolve));
  owner.kill('SIGKILL');
  await gone;
  const { server } = await start(dataDir);
  expect(server.adopted).toBe(true);
  expect(server.pid()).toBe(pid);
  expect(await query(server.connection, 'select n from kept')).toEqual([]);
  await killAndWait(server);
  expect(await query(server.connection, 'select n from kept')).toEqual([]);
});

it('starts although a stale pid file names a live process of the same user', async () => {
  const dataDir = join(await makeFolder(), 'pg');
  const first = await start(dataDir);
  await first.server.stop();
  const file = join(dataDir, 'cluster/postmaster.pid');
  const stranger = spawn('sleep', ['60'], { ...(await ordinaryUser()), stdio: 'ignore' });
  onTestFinished(() => void stranger.kill('SIGKILL'));
  await writeFile(file, `${stranger.pid}\n${join(dataDir, 'cluster')}\n`, { mode: 0o600 });
  const { server } = await start(dataDir);
  expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
});

it('finds a short folder for the socket where the data folder is deep', async () => {
  const dataDir = join(await makeFolder(), 'a'.repeat(60), 'b'.repeat(60));
  const { server } = await start(dataDir);
  expect(Buffer.byteLength(join(server.connection.host, '.s.PGSQL.5432'))).toBeLessThan(107);
  expect(await query(server.connection, 'select 1 as one')).toEqual([{ one: 1 }]);
  onTestFinished(() => rm(server.connection.host, { recursive: true, force: true }));
});

it('says which folder keeps its user out', async () => {
  if (process.getuid?.() !== 0) return;
  const folder = await makeFolder();
  await chmod(folder, 0o700);
  await expect(start(join(folder, 'pg'))).rejects.toMatchObject({
    code: 'database_unavailable',
    message: expect.stringContaining(`chmod o+x ${folder}`),
  });
  expect(await blockedFolder(join(folder, 'pg'), await ordinaryUser())).toBe(folder);
  await expect(startEmbeddedPostgres({ dataDir: folder, log: () => {} })).rejects.toThrow(/does not run as root/);
});

it('copies the binaries, links included, where its user cannot reach the installed ones', async () => {
  const folder = await makeFolder();
  expect(await findBinaries(folder, null)).toMatch(/node_modules/);
  await mkdir(join(folder, 'binaries-old'));
  const umask = process.umask(0o077);
  const copy = await findBinaries(folder, null, { copyAlways: true }).finally(() => process.umask(umask));
  expect(copy.startsWith(folder)).toBe(true);
  expect(await readdir(join(copy, '../lib'))).toContain('libicuuc.so.60');
  expect(await readdir(folder)).toHaveLength(1);
  const user = await ordinaryUser();
  const child = spawn(join(copy, 'postgres'), ['--version'], { ...user, env: {}, cwd: '/', stdio: 'ignore' });
  expect(await new Promise((resolve) => child.once('close', resolve).once('error', resolve))).toBe(0);
});
