/** What only the Docker engine's builds have: Dockerfiles, layers, nothing secret in an image. */
import { randomUUID } from 'node:crypto';
import type { Engine, SourceTree } from '@teal/deployer';
import Docker from 'dockerode';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Built, buildWith, memorySource } from '../../../test/conformance/engine.ts';
import { type DockerFixture, makeDockerFixture, SOCKET } from './docker-fixture.ts';

const docker = new Docker({ socketPath: SOCKET });
const appId = `app_${randomUUID()}`;
/** An image that is there once the bases are: Dockerfiles of these tests start from it. */
const BASE = 'teal/node:24';

const manifest = (facts: object = {}) =>
  JSON.stringify({ name: 'layers', version: '1.0.0', scripts: { start: 'node server.js' }, ...facts });

let fixture: DockerFixture;
let engine: Engine;

beforeAll(async () => {
  fixture = await makeDockerFixture();
  engine = fixture.engine;
  await built({ 'package.json': manifest(), 'server.js': '' });
}, 300_000);

afterAll(async () => {
  await fixture?.cleanup();
});

type Files = Parameters<typeof memorySource>[0];

async function built(files: Files, environment: Record<string, string> = {}): Promise<Built> {
  const result = await buildWith(engine, { appId, source: memorySource(files), environment });
  if (!result.outcome.ok) throw new Error(`${result.outcome.reason}\n${result.lines.join('\n')}`);
  return result;
}

/** What `command` prints in a container of the image. */
async function printed(ref: string, command: string): Promise<string> {
  const container = await docker.createContainer({ Image: ref, Entrypoint: ['sh', '-c', command], Cmd: [], Tty: true });
  try {
    await container.start();
    await container.wait();
    return (await container.logs({ stdout: true, stderr: true })).toString().replaceAll('\r\n', '\n');
  } finally {
    await container.remove({ force: true });
  }
}

async function planned(source: SourceTree, environment: Record<string, string> = {}) {
  return engine.plan({ appId, source, environment });
}

describe("a user's Dockerfile", () => {
  it('is used as it is, the official syntax directive without asking a registry', async () => {
    const dockerfile = `# syntax=docker/dockerfile:1\nFROM ${BASE} AS first\nRUN echo made-by-run > /tmp/made\nFROM ${BASE}\nCOPY --from=first /tmp/made made\nCOPY . .\nCMD ["node", "a.js"]\n`;
    const { ref, lines } = await built({ Dockerfile: dockerfile, 'a.js': '// a', 'package.json': manifest() });
    expect(await printed(ref, 'cat made; ls -1')).toBe('made-by-run\nDockerfile\na.js\nmade\npackage.json\n');
    expect(lines.join('\n')).toContain('RUN echo made-by-run > /tmp/made');
  });

  it('is refused when it asks for a foreign front end', async () => {
    const outcome = await planned(memorySource({ Dockerfile: `# syntax=evil.example/frontend\nFROM ${BASE}\n` }));
    expect(outcome).toMatchObject({ ok: false, code: 'dockerfile_frontend' });
    expect(outcome.ok ? '' : outcome.reason).toContain('evil.example/frontend');
  });

  it('gets the named build arguments and no other variable', async () => {
    const dockerfile = `FROM ${BASE}\nARG GREETING=none\nARG SECRET=none\nRUN echo "greeting=$GREETING secret=$SECRET" > seen\n`;
    const environment = { GREETING: 'hello', SECRET: 'do-not-leak' };
    const { ref } = await built({ Dockerfile: dockerfile }, environment);
    expect(await printed(ref, 'cat seen')).toBe('greeting=hello secret=none\n');
    const digest = async (values: Record<string, string>) => {
      const outcome = await planned(memorySource({ Dockerfile: dockerfile }), values);
      return outcome.ok ? outcome.plan.inputsDigest : '';
    };
    expect(await digest({ ...environment, SECRET: 'other' })).toBe(await digest(environment));
    expect(await digest({ ...environment, GREETING: 'other' })).not.toBe(await digest(environment));
  });

  it('sees the source without what .dockerignore names', async () => {
    const dockerfile = `FROM ${BASE}\nCOPY . .\n`;
    const ignore = 'secret*\n*.md\n!keep.md\nDockerfile\n';
    const files = { Dockerfile: dockerfile, '.dockerignore': ignore, 'secret.txt': 's', 'a.md': '', 'keep.md': '' };
    const { ref } = await built(files);
    expect(await printed(ref, 'ls -A')).toContain('keep.md');
    expect(await printed(ref, 'ls -A')).not.toMatch(/secret|a\.md/);
  });

  it('names the instruction that failed', async () => {
    const source = memorySource({ Dockerfile: `FROM ${BASE}\nRUN echo before\nRUN echo to-stderr >&2; exit 9\n` });
    const { outcome, lines } = await buildWith(engine, { appId, source });
    expect(outcome).toMatchObject({ ok: false, code: 'build_failed' });
    expect(outcome.ok ? '' : outcome.reason).toContain('"RUN echo to-stderr >&2; exit 9" ended with exit code 9');
    expect(lines).toContain('to-stderr');
  });

  it('that cannot be read fails with the reason', async () => {
    const source = memorySource({ Dockerfile: 'FROM\n' });
    const { outcome } = await buildWith(engine, { appId, source });
    expect(outcome).toMatchObject({ ok: false, code: 'build_failed' });
    expect(outcome.ok ? '' : outcome.reason).toMatch(/FROM/);
  });
});

describe("a recipe's image", () => {
  it('keeps its dependency layer when only source changes, and installs again when they change', async () => {
    const dependencies = { semver: '7.8.6' };
    const files = (source: string, more: object = {}) => ({
      'package.json': manifest({ dependencies, ...more }),
      'server.js': `console.log(require('semver').valid('1.2.3'), ${JSON.stringify(source)})`,
    });
    const first = await built(files(randomUUID()));
    const second = await built(files('second'));
    expect(second.lines).toContain('npm install --omit=dev (cached)');
    expect(await printed(second.ref, 'node server.js')).toBe('1.2.3 second\n');
    const third = await built(files('second', { description: randomUUID() }));
    expect(third.lines).toContain('npm install --omit=dev');
    const layers = async (ref: string) => (await docker.getImage(ref).inspect()).RootFS.Layers ?? [];
    const [a, b, c] = await Promise.all([layers(first.ref), layers(second.ref), layers(third.ref)]);
    expect(a.slice(0, -1)).toEqual(b.slice(0, -1));
    expect(a.at(-1)).not.toBe(b.at(-1));
    expect(c.at(-2)).not.toBe(b.at(-2));
  });

  it('holds no variable of the build, neither in its history nor in its files', async () => {
    const secret = `secret-${randomUUID()}`;
    const scripts = { start: 'node server.js', build: 'node -e "console.log(process.env.TOKEN.length)"' };
    const { ref, lines } = await built({ 'package.json': manifest({ scripts }), 'server.js': '' }, { TOKEN: secret });
    expect(lines).toContain(String(secret.length));
    expect(JSON.stringify(await docker.getImage(ref).history())).not.toContain(secret);
    expect(JSON.stringify(await docker.getImage(ref).inspect())).not.toContain(secret);
    expect(
      await printed(
        ref,
        `grep -rl ${secret} /app /run /tmp /home /etc /usr/local 2>/dev/null; cat /run/teal/environment`,
      ),
    ).toBe('');
  });

  it('has executable files, symlinks and odd names as the tree has them, owned by its user', async () => {
    const { ref } = await built({
      'package.json': manifest(),
      'run me.sh': { kind: 'executable', content: '#!/bin/sh\necho ran' },
      'deep/er/link': { kind: 'symlink', content: '../../run me.sh' },
      [`${'long/'.repeat(30)}file "q" $x.txt`]: 'x',
    });
    const out = await printed(
      ref,
      'id -u; ./deep/er/link; stat -c "%U %a" package.json; find long -name "*q*" | wc -l',
    );
    expect(out).toBe('1000\nran\napp 644\n1\n');
  });

  it("leaves out a committed node_modules, and runs hooks with the app's variables", async () => {
    const files = { 'package.json': manifest(), 'server.js': '', 'node_modules/old/index.js': '' };
    const hook = `echo "value: $VALUE"\nls -a . > listing # ${randomUUID()}`;
    const { ref, lines } = await built(files, { CC_PRE_BUILD_HOOK: hook, VALUE: 'a "b" \'c\'' });
    expect(lines).toContain('echo "value: $VALUE" …');
    expect(lines).toContain(`value: a "b" 'c'`);
    expect(await printed(ref, 'grep -c node_modules listing')).toBe('0\n');
  });

  it('trusts the certificates of the operator', async () => {
    const { ref } = await built({ 'package.json': manifest(), 'server.js': '' });
    const names = 'NODE_EXTRA_CA_CERTS PIP_CERT SSL_CERT_FILE REQUESTS_CA_BUNDLE';
    const out = await printed(ref, `for n in ${names}; do eval "f=\\$$n"; test -s "$f" && echo "$n"; done`);
    expect(out.trim().split('\n')).toEqual(names.split(' '));
  });

  it('is built from scratch when asked', async () => {
    const request = { appId, source: memorySource({ 'index.html': '' }), environment: { CC_POST_BUILD_HOOK: 'date' } };
    await buildWith(engine, request);
    expect((await buildWith(engine, request)).lines).toEqual(['date (cached)']);
    expect((await buildWith(engine, { ...request, fresh: true })).lines).toEqual(['date', expect.any(String)]);
  });

  it('takes no step from what another organisation has built', async () => {
    const source = memorySource({
      Dockerfile: `FROM teal/node:24\nUSER root\nRUN echo ${randomUUID()} && date +%s%N > /made\n`,
    });
    const build = async (organisationId: string) => {
      const { ref } = await buildWith(engine, { appId, source, organisationId });
      return printed(ref, 'cat /made');
    };
    const mine = await build('organisation_a');
    expect(await build('organisation_b')).not.toBe(mine);
    expect(await build('organisation_a')).toBe(mine);
  });
});

describe('a build', () => {
  it('ends at its deadline', async () => {
    const hasty = fixture.open({ buildDeadlineMs: 1_500 });
    const source = memorySource({ 'package.json': manifest({ scripts: { start: 'x', build: 'sleep 60' } }) });
    const { outcome } = await buildWith(hasty, { appId, source });
    await hasty.close();
    expect(outcome).toMatchObject({ ok: false, code: 'build_timeout' });
  });

  it("keeps an app's caches apart from another's", async () => {
    const dockerfile = `FROM ${BASE}\nRUN --mount=type=cache,id=shared,target=/tmp/cache,uid=1000 cat /tmp/cache/* ; echo "of $(cat unique)" > /tmp/cache/mark\n`;
    const unique = () => ({ Dockerfile: dockerfile.replace('RUN', 'COPY unique unique\nRUN'), unique: randomUUID() });
    const first = unique();
    const second = unique();
    await built(first);
    expect((await built(second)).lines).toContain(`of ${first.unique}`);
    const otherApp = `app_${randomUUID()}`;
    const other = await buildWith(engine, { appId: otherApp, source: memorySource(unique()) });
    expect(other.outcome.ok).toBe(true);
    expect(other.lines.join('\n')).not.toMatch(new RegExp(`of (${first.unique}|${second.unique})`));
    await engine.removeImage(other.ref);
    await engine.removeApp(otherApp);
  });

  it('leaves no image behind when it is aborted', async () => {
    const before = (await engine.listImages()).sort();
    const abort = new AbortController();
    const source = memorySource({ 'package.json': manifest({ scripts: { start: 'x', build: 'sleep 60' } }) });
    const building = Promise.withResolvers<void>();
    const build = buildWith(engine, { appId, source, signal: abort.signal, onLine: () => building.resolve() });
    const rejected = expect(build).rejects.toThrow('stop it');
    await building.promise;
    abort.abort(new Error('stop it'));
    await rejected;
    expect((await engine.listImages()).sort()).toEqual(before);
  });
});

it('says which base image it cannot have', async () => {
  const poor = fixture.open({ bases: { caFile: '/nowhere.pem', from: 'auto', edition: 1, npm: 'npm' } });
  const source = memorySource({ 'package.json': manifest() });
  await expect(poor.plan({ appId, source, environment: {} })).rejects.toMatchObject({ code: 'base_unavailable' });
  await poor.close();
});
