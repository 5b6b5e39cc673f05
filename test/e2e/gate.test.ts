/** What the gate says about versions that must not go live, each with its likely cause; both engines. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENGINES } from './engines.ts';
import { TestPlatform } from './platform.ts';
import { Repository } from './repository.ts';
import { appSource } from './source.ts';

const REFUSED = [
  {
    what: 'ends at once',
    before: "console.log('no database here'); process.exit(7);",
    says: ['no database here', 'DEPLOYMENT FAILED while probing', 'ended by itself'],
  },
  {
    what: 'listens on another port',
    before: "process.env.PORT = '9123';",
    says: ['It listens on another port (9123)'],
  },
  {
    what: 'listens on 127.0.0.1 only',
    before:
      "const net = require('node:net'); const listen = net.Server.prototype.listen; net.Server.prototype.listen = function (port, ready) { return listen.call(this, port, '127.0.0.1', ready); };",
    says: ['It listens on 127.0.0.1 only'],
    only: 'docker',
  },
  {
    what: 'never answers',
    before:
      "http.Server.prototype.emit = new Proxy(http.Server.prototype.emit, { apply: (emit, self, args) => args[0] === 'request' ? true : Reflect.apply(emit, self, args) });",
    says: ['no answer in time'],
  },
];

describe.each(ENGINES)('the gate on the %s engine', (engine) => {
  let platform: TestPlatform;
  let repository: Repository;

  beforeAll(async () => {
    platform = await TestPlatform.start({ engine });
    await platform.createApp('gate', { gateDeadlineMs: 2_500 });
    repository = await Repository.create(platform.gitUrl('gate'));
  });
  afterAll(async () => {
    await repository?.remove();
    await platform?.destroy();
  });

  it.each(REFUSED.filter(({ only }) => only === undefined || only === engine))(
    'refuses a version that $what',
    async ({ what, before, says }) => {
      await repository.commit(what, appSource({ version: 'bad', before }));
      const { stderr } = await repository.push();
      for (const sentence of says) expect(stderr).toContain(sentence);
      expect(stderr).toContain('Nothing is live yet.');
      expect((await platform.get('gate')).status).toBe(503);
    },
  );

  it('asks the configured health paths, each of which must answer 2xx', async () => {
    await platform.call('PATCH', '/apps/gate/environment', {
      set: { CC_HEALTH_CHECK_PATH: '/started', CC_HEALTH_CHECK_PATH_1: '/environment' },
    });
    await repository.commit('healthy elsewhere', appSource({ version: 'v1', status: 500 }));
    const { stderr } = await repository.push();
    expect(stderr).toContain('GET /environment answered 200');
    expect(stderr).toContain('is live at');
    expect((await platform.get('gate')).status).toBe(500);
  });

  it('says what it looked for when it cannot tell how to build the source', async () => {
    await repository.git('rm', '-q', '-r', '.');
    await repository.commit('prose only', { 'NOTES.txt': 'hello' });
    const { stderr } = await repository.push();
    expect(stderr).toContain('DEPLOYMENT FAILED while queued');
    for (const name of ['Dockerfile', 'package.json', 'requirements.txt', 'index.html']) expect(stderr).toContain(name);
  });
});
