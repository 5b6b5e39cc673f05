import { readdir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { eventually, git, gitOk, makeClone, processesIn, startServer, type TestServer } from './server.ts';
import { FLUSH, packet, pushHead, send, sendPush, ZERO } from './wire.ts';

const UPLOAD = { 'content-type': 'application/x-git-upload-pack-request' };
const RECEIVE = { 'content-type': 'application/x-git-receive-pack-request' };
const ADVERTISE = '/git/shop.git/info/refs?service=git-receive-pack';

let server: TestServer;
let clone: string;
let head: string;
let pack: Buffer;

beforeAll(async () => {
  server = await startServer({ apps: ['shop', 'blog', 'foreign'] });
  clone = await makeClone(server, 'clone', { 'index.html': 'hello' });
  head = await gitOk(clone, ['rev-parse', 'HEAD']);
  await gitOk(clone, ['pack-objects', '--quiet', '--revs', '../push'], 'HEAD\n');
  const name = (await readdir(server.folder)).find((file) => /^push-.*\.pack$/.test(file));
  pack = await readFile(`${server.folder}/${name}`);
});
afterAll(() => server.close());

describe('credentials', () => {
  const paths = [
    ['GET', ADVERTISE],
    ['GET', '/git/shop.git/HEAD'],
    ['HEAD', ADVERTISE],
    ['GET', '/git/none.git/info/refs?service=git-upload-pack'],
    ['POST', '/git/shop.git/git-receive-pack'],
    ['POST', '/git/shop.git/git-upload-pack'],
    ['POST', '/git/new.git/git-receive-pack'],
    ['DELETE', '/git/shop.git'],
  ];
  test.each(paths)('are asked for before anything else: %s %s', async (method = '', path = '') => {
    const body = method === 'POST' ? [pushHead([{ new: head, ref: 'refs/heads/main' }])] : [];
    for (const password of [null, 'wrong', '']) {
      const answer = await send(server, { method, path, password, body, headers: RECEIVE });
      expect(answer.status).toBe(401);
      expect(answer.headers['www-authenticate']).toBe('Basic realm="Teal"');
    }
    expect(await processesIn(server.repositories)).toEqual([]);
    expect((await readdir(server.repositories)).sort()).toEqual(['app_blog.git', 'app_foreign.git', 'app_shop.git']);
  });

  test.each(['Bearer teal-token', 'Basic', 'Basic !!!', `Basic ${Buffer.from('teal-token').toString('base64')}`])(
    'in another form are none: %s',
    async (authorization) => {
      const answer = await send(server, { path: ADVERTISE, password: null, headers: { authorization } });
      expect(answer.status).toBe(401);
    },
  );

  test('do not have to name a user', async () => {
    const authorization = `Basic ${Buffer.from(':teal-token').toString('base64')}`;
    const answer = await send(server, { path: ADVERTISE, password: null, headers: { authorization } });
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('report-status');
  });
});

describe('names', () => {
  test.each([
    '/git/../shop.git',
    '/git/%2e%2e/shop.git',
    '/git/..%2fshop.git',
    '/git/a/../shop.git',
    '/git/shop%2egit',
    '/git/\\shop.git',
    '/git/sh%00op.git',
    '/git/-shop.git',
    '/git/--help.git',
    '/git/.git',
    '/git/shop.git.git',
    '/git/shop.git//',
    '/git//shop.git',
    '/shop.git',
    '/git/shop.git/objects',
  ])('that lead elsewhere are not found: %s', async (path) => {
    for (const service of ['info/refs?service=git-upload-pack', 'HEAD', 'config', 'objects/info/packs']) {
      expect((await send(server, { path: `${path}/${service}` })).status).toBe(404);
    }
    const answer = await send(server, {
      method: 'POST',
      path: `${path}/git-receive-pack`,
      headers: RECEIVE,
      body: [FLUSH],
    });
    expect(answer.status).toBe(404);
  });

  test('that are missing and those of others get one and the same answer', async () => {
    const [missing, foreign] = await Promise.all(
      ['missing', 'foreign'].map((name) =>
        send(server, { path: `/git/${name}.git/info/refs?service=git-upload-pack` }),
      ),
    );
    expect(missing?.status).toBe(404);
    expect({ ...foreign?.headers, date: '' }).toEqual({ ...missing?.headers, date: '' });
    expect(foreign?.body).toBe(missing?.body);
  });

  test('are taken from the path alone', async () => {
    for (const path of [
      '/git/missing.git/info/refs?service=git-upload-pack&x=/git/shop.git/info/refs',
      '/x?/git/shop.git/git-receive-pack',
      '/git/missing.git/git-receive-pack?/git/shop.git/git-receive-pack',
    ]) {
      for (const method of ['GET', 'POST']) {
        const answer = await send(server, { method, path, headers: RECEIVE, body: method === 'POST' ? [FLUSH] : [] });
        expect([404, 405]).toContain(answer.status);
      }
    }
    expect(server.script.accepted).toEqual([]);
  });

  test('work with and without .git', async () => {
    expect((await send(server, { path: '/git/shop/info/refs?service=git-upload-pack' })).status).toBe(200);
  });
});

describe('requests', () => {
  test('other than the three of git are refused', async () => {
    const answers = await Promise.all([
      send(server, { path: '/git/shop.git/info/refs' }),
      send(server, { path: '/git/shop.git/info/refs?service=git-upload-archive' }),
      send(server, { path: '/git/shop.git/info/refs?service=git-upload-pack&service=git-receive-pack' }),
      send(server, { path: '/git/shop.git/HEAD' }),
      send(server, { method: 'POST', path: ADVERTISE }),
      send(server, { path: '/git/shop.git/git-upload-pack' }),
      send(server, { method: 'POST', path: '/git/shop.git/git-upload-pack', headers: RECEIVE, body: [FLUSH] }),
      send(server, { method: 'POST', path: '/git/shop.git/git-upload-pack', body: [FLUSH] }),
    ]);
    expect(answers.map((answer) => answer.status)).toEqual([404, 404, 404, 404, 405, 405, 400, 400]);
  });

  test('that only probe are answered without an event', async () => {
    const probe = await sendPush(server, [FLUSH]);
    expect([probe.status, probe.body]).toEqual([200, '']);
    expect(probe.headers['content-type']).toBe('application/x-git-receive-pack-result');
    const fetch = await send(server, {
      method: 'POST',
      path: '/git/shop.git/git-upload-pack',
      headers: UPLOAD,
      body: [FLUSH],
    });
    expect([fetch.status, fetch.body]).toEqual([200, '']);
    expect(server.script.accepted).toEqual([]);
  });

  const broken: [string, Buffer[]][] = [
    ['nothing', []],
    ['no packet', [Buffer.from('hello')]],
    ['a packet of impossible length', [Buffer.from('0003')]],
    ['a cut packet', [Buffer.from('00ff'), Buffer.from('0'.repeat(40))]],
    ['no ref', [packet('hello world'), FLUSH]],
    ['an end without flush', [packet(`${ZERO} ${ZERO} refs/heads/main`)]],
    [
      'a ref that is not UTF-8',
      [packet(Buffer.concat([Buffer.from(`${ZERO} ${ZERO} refs/heads/`), Buffer.from([0xff])])), FLUSH],
    ],
    ['something behind the probe', [FLUSH, Buffer.from('PACK')]],
    ['only a shallow line', [packet(`shallow ${'a'.repeat(40)}`), FLUSH]],
  ];
  test.each(broken)('of %s are refused as pushes', async (_, pieces) => {
    const answer = await sendPush(server, pieces);
    expect(answer.status).toBe(400);
    expect(answer.body).toContain('The push could not be read');
  });

  test.each(broken)('of %s are refused as fetches', async (_, pieces) => {
    const path = '/git/shop.git/git-upload-pack';
    const answer = await send(server, { method: 'POST', path, headers: UPLOAD, body: pieces });
    // Nothing at all is what git calls a probe.
    expect(answer.status).toBe(pieces.length === 0 ? 200 : 400);
  });

  test('in broken gzip are refused, wherever it breaks', async () => {
    const whole = gzipSync(
      Buffer.concat([pushHead([{ new: head, ref: 'refs/heads/gz' }]), Buffer.alloc(300_000, 'x')]),
    );
    for (const bytes of [Buffer.from('no gzip at all'), whole.subarray(0, 60), whole.subarray(0, 20)]) {
      expect((await sendPush(server, [bytes], { 'content-encoding': 'gzip' })).status).toBe(400);
    }
    // Here git is running when it breaks.
    const late = await sendPush(server, [whole.subarray(0, whole.length - 20)], { 'content-encoding': 'gzip' });
    expect(late.status === 400 || late.body.includes('ng refs/heads/gz')).toBe(true);
    expect((await sendPush(server, [FLUSH], { 'content-encoding': 'br' })).status).toBe(400);
    await eventually(async () => (await processesIn(server.repositories)).length === 0);
    expect((await send(server, { path: ADVERTISE })).status).toBe(200);
  });

  test('in gzip are unpacked', async () => {
    const body = gzipSync(Buffer.concat([pushHead([{ new: head, ref: 'refs/heads/gzipped' }]), pack]));
    const answer = await sendPush(server, [body.subarray(0, 5), body.subarray(5)], { 'content-encoding': 'gzip' });
    expect(answer.body).toContain('ok refs/heads/gzipped');
  });

  test('that blow up are cut at the cap', async () => {
    const line = packet(`${ZERO} ${head} refs/heads/main`);
    const bomb = gzipSync(Buffer.concat(Array.from({ length: 200_000 }, () => line)), { level: 9 });
    const push = await sendPush(server, [bomb], { 'content-encoding': 'gzip' });
    expect(push.status).toBe(413);
    const wants = gzipSync(
      Buffer.concat([packet(`want ${head}\n`), ...Array.from({ length: 800_000 }, () => packet(`want ${head}\n`))]),
    );
    const fetch = await send(server, {
      method: 'POST',
      path: '/git/shop.git/git-upload-pack',
      headers: { ...UPLOAD, 'content-encoding': 'gzip' },
      body: [wants],
    });
    expect(fetch.status).toBe(413);
    await eventually(async () => (await processesIn(server.repositories)).length === 0);
  });

  test('split at every place work', async () => {
    const first = pushHead([{ new: head, ref: 'refs/heads/split' }]);
    const pieces = [...first].map((byte) => Buffer.from([byte]));
    const answer = await sendPush(server, [...pieces, pack.subarray(0, 7), pack.subarray(7)]);
    expect(answer.status).toBe(200);
    expect(answer.body).toContain('unpack ok');
    expect(answer.body).toContain('ok refs/heads/split');
    expect(server.script.accepted.at(-1)?.commands[0]?.ref).toBe('refs/heads/split');
  });

  test('with odd refs or push options are refused as data', async () => {
    const accepted = server.script.accepted.length;
    for (const ref of [
      'refs/heads/a\nb',
      'refs/heads/../x',
      'HEAD',
      'refs/heads/',
      'refs/heads/x.lock',
      'refs/heads/a\u2028b',
    ]) {
      const answer = await sendPush(server, [pushHead([{ new: head, ref }]), pack]);
      expect(answer.status).toBe(200);
      expect(answer.body).toContain('ng ');
      expect(answer.body).toContain('Teal keeps branches and tags only');
    }
    for (const option of ['a;b', 'note=a\nb', `note=${'x'.repeat(65_000)}`]) {
      const answer = await sendPush(server, [pushHead([{ new: head, ref: 'refs/heads/o' }], [option]), pack]);
      expect(answer.body).toContain('ng refs/heads/o');
      expect(answer.body).toContain('The push option');
    }
    const many = Array.from({ length: 200 }, () => 'no-cache');
    expect((await sendPush(server, [pushHead([{ new: head, ref: 'refs/heads/o' }], many), pack])).status).toBe(400);
    expect(server.script.accepted).toHaveLength(accepted);
  });

  test('that end within the pack leave nothing', async () => {
    const answer = await sendPush(server, [pushHead([{ new: head, ref: 'refs/heads/cut' }]), pack.subarray(0, 30)]);
    expect(answer.body).toContain('ng refs/heads/cut');
    expect(await server.reader.head('app_shop', 'cut')).toBeNull();
  });
});

test('stays up while clients send half a request line or vanish at once', async () => {
  await Promise.all(
    Array.from({ length: 30 }, async (_, index) => {
      const socket = connect(server.port, '127.0.0.1');
      const authorization = `Authorization: Basic ${Buffer.from('x:teal-token').toString('base64')}`;
      const whole = `POST /git/shop.git/git-receive-pack HTTP/1.1\r\nHost: x\r\n${authorization}\r\ncontent-type: application/x-git-receive-pack-request\r\nContent-Length: 1000\r\n\r\n00a0`;
      await new Promise((resolve) => socket.write(whole.slice(0, 40 + index * 8), resolve));
      socket.resetAndDestroy();
    }),
  );
  expect((await git(clone, ['ls-remote', server.url('shop')])).code).toBe(0);
  expect(server.script.errors).toEqual([]);
});
