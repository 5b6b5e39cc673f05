import { chooseRecipe, type RecipePlan, type RecipeSource, toDockerfile, toHostSteps } from '@teal/recipes';
import { describe, expect, it } from 'vitest';

type Files = Readonly<Record<string, string>>;

function choose(files: Files, environment: RecipeSource['environment'] = {}) {
  return chooseRecipe({ paths: Object.keys(files), files, environment });
}

function plan(files: Files, environment: RecipeSource['environment'] = {}): RecipePlan {
  const choice = choose(files, environment);
  if (!choice.ok) throw new Error(choice.reason);
  return choice.plan;
}

function refusal(files: Files, environment: RecipeSource['environment'] = {}): string {
  const choice = choose(files, environment);
  if (choice.ok) throw new Error('it was not refused');
  expect(choice.code).toBe('recipe_invalid');
  return choice.reason;
}

const manifest = (facts: object = {}) =>
  JSON.stringify({ name: 'app', scripts: { start: 'node server.js' }, ...facts });
const commands = (made: RecipePlan) => made.steps.map((step) => step.command);

describe('choosing a recipe', () => {
  it('lists everything it looked for when nothing fits', () => {
    const choice = choose({ 'notes.txt': '' });
    expect(choice).toMatchObject({ ok: false, code: 'source_unknown' });
    for (const name of ['Dockerfile', 'package.json', 'requirements.txt', 'pyproject.toml', 'index.html']) {
      expect(choice.ok ? '' : choice.reason).toContain(name);
    }
  });

  it('takes Node before Python, and Python where only Python can be started', () => {
    const both = { 'requirements.txt': 'flask', Procfile: 'web: python main.py' };
    expect(plan({ ...both, 'package.json': manifest() }).recipe).toBe('node');
    const tools = { 'package.json': '{"devDependencies":{}}', 'requirements.txt': 'gunicorn' };
    expect(plan(tools, { CC_PYTHON_MODULE: 'main:app' }).recipe).toBe('python');
  });

  it('serves a site whose package.json only holds tools, but not one that must be built', () => {
    expect(plan({ 'index.html': '', 'package.json': '{"devDependencies":{}}' }).recipe).toBe('static');
    expect(refusal({ 'index.html': '', 'package.json': '{"scripts":{"build":"vite build"}}' })).toContain(
      'start script',
    );
  });
});

describe('the node recipe', () => {
  it('installs what the lock file says, in a layer of its own', () => {
    const made = plan({ 'package.json': manifest(), 'package-lock.json': '{}', 'server.js': '', '.npmrc': '' });
    expect(commands(made)).toEqual(['npm ci --omit=dev']);
    expect(made.dependencyFiles).toEqual(['package.json', 'package-lock.json', '.npmrc']);
    const text = toDockerfile(made);
    const order = ['"source/package.json"', 'npm ci', 'COPY --chown=1000:1000 source/ ./', 'CMD'];
    const places = order.map((part) => text.indexOf(part));
    expect(places).toEqual([...places].sort((a, b) => a - b));
    expect(places).not.toContain(-1);
  });

  it('installs without a lock file too', () => {
    expect(commands(plan({ 'package.json': manifest() }))).toEqual(['npm install --omit=dev']);
  });

  it('has the development dependencies there for the build script and gone afterwards', () => {
    const scripts = { start: 'node server.js', build: 'tsc' };
    const made = plan({ 'package.json': manifest({ scripts }), 'package-lock.json': '{}' });
    expect(commands(made)).toEqual(['npm ci --include=dev', 'npm run build', 'npm prune --omit=dev --ignore-scripts']);
    expect(made.steps.map((step) => step.phase)).toEqual(['install', 'build', 'build']);
  });

  it.each([
    [undefined, 'teal/node:24'],
    ['>=18', 'teal/node:24'],
    ['20.x', 'teal/node:20'],
    ['^22.3.0', 'teal/node:22'],
    ['18 || 20', 'teal/node:20'],
    ['*', 'teal/node:24'],
  ])('for engines %s uses %s', (node, base) => {
    expect(plan({ 'package.json': manifest(node === undefined ? {} : { engines: { node } }) }).base).toBe(base);
  });

  it.each(['18.x', 'lts', 5])('refuses engines %s and says what there is', (node) => {
    expect(refusal({ 'package.json': manifest({ engines: { node } }) })).toContain('20, 22, 24');
  });

  it('refuses a package.json that is none', () => {
    for (const text of ['{', '[]', 'null', '"text"']) expect(refusal({ 'package.json': text })).toContain('not valid');
  });

  it.each([
    ['runs an install script', { scripts: { start: 'node .', postinstall: 'node setup.js' } }],
    ['has workspaces', { workspaces: ['packages/*'] }],
    ['depends on a folder of its own', { dependencies: { own: 'file:./own' } }],
  ])('gives the install the whole source when the app %s', (_what, facts) => {
    const made = plan({ 'package.json': manifest(facts) });
    expect(made.dependencyFiles).toBeNull();
    expect(toDockerfile(made).indexOf('COPY')).toBeLessThan(toDockerfile(made).indexOf('npm install'));
  });

  it('starts what npm would start, without npm in between', () => {
    const made = plan({
      'package.json': manifest({ version: '2.1.0', scripts: { start: 'node --enable-source-maps a.js' } }),
    });
    expect(made.run).toBe('exec node --enable-source-maps a.js');
    expect(made.environment).toMatchObject({ npm_package_version: '2.1.0', npm_lifecycle_event: 'start' });
    expect(made.pathEntries).toEqual(['node_modules/.bin']);
  });

  it.each([
    ['a prestart script', { scripts: { start: 'node .', prestart: 'node migrate.js' } }],
    ["npm's own variables in use", { scripts: { start: 'node . $npm_config_port' } }],
    ['a config for npm', { config: { port: '1' } }],
  ])('leaves the start to npm with %s', (_what, facts) => {
    expect(plan({ 'package.json': manifest(facts) }).run).toBe('exec npm start');
  });

  it('starts server.js when there is no start script, as npm does', () => {
    expect(plan({ 'package.json': '{}', 'server.js': '' }).run).toBe('exec node server.js');
    expect(refusal({ 'package.json': '{}', 'main.js': '' })).toContain('CC_RUN_COMMAND');
  });

  it('prefers CC_RUN_COMMAND to the Procfile to the start script', () => {
    const files = { 'package.json': manifest(), Procfile: 'web: node web.js\nrelease: node migrate.js' };
    expect(plan({ 'package.json': manifest() }).run).toBe('exec node server.js');
    expect(plan(files).run).toBe('exec node web.js');
    expect(plan(files).releaseCommand).toBe('node migrate.js');
    expect(plan({ 'package.json': manifest() }).releaseCommand).toBeNull();
    expect(plan(files, { CC_RUN_COMMAND: 'node other.js' }).run).toBe('exec node other.js');
  });
});

describe('the python recipe', () => {
  it('installs requirements in a layer of their own', () => {
    const made = plan({ 'requirements.txt': 'flask', 'requirements/base.txt': 'x', Procfile: 'web: flask run' });
    expect(made.dependencyFiles).toEqual(['requirements.txt', 'requirements/base.txt']);
    expect(toDockerfile(made)).toContain('COPY --chown=1000:1000 ["source/requirements/base.txt","./requirements/"]');
    expect(made.run).toBe('exec flask run');
    expect(made.pathEntries).toEqual(['.venv/bin']);
  });

  it('gives the install the whole source when a requirement lies in it', () => {
    for (const line of ['-e .', './lib', 'own @ file:./own']) {
      expect(plan({ 'requirements.txt': `flask\n${line}\n`, Procfile: 'web: x' }).dependencyFiles).toBeNull();
    }
  });

  it('serves CC_PYTHON_MODULE by gunicorn, if that is a dependency', () => {
    const environment = { CC_PYTHON_MODULE: 'shop.wsgi:app' };
    const made = plan({ 'requirements.txt': 'flask\ngunicorn==23.0.0' }, environment);
    expect(made.run).toBe(`exec gunicorn --bind "0.0.0.0:$PORT" 'shop.wsgi:app'`);
    expect(refusal({ 'requirements.txt': 'flask' }, environment)).toContain('add gunicorn');
    expect(refusal({ 'requirements.txt': 'gunicorn' }, { CC_PYTHON_MODULE: 'x; rm -rf /' })).toContain('module:app');
  });

  it('says how to name the start command', () => {
    expect(refusal({ 'requirements.txt': 'flask' })).toMatch(/Procfile.*CC_PYTHON_MODULE.*CC_RUN_COMMAND/);
  });

  it('reads the dependencies of a pyproject.toml', () => {
    const made = plan({ 'pyproject.toml': '[project]\ndependencies = []\n', Procfile: 'web: python a.py' });
    expect(made.dependencyFiles).toEqual(['pyproject.toml']);
    expect(refusal({ 'pyproject.toml': '[tool.black]\n', Procfile: 'web: x' })).toContain('[project]');
  });
});

describe('the static recipe', () => {
  it('serves the root, or the folder in CC_WEBROOT', () => {
    expect(plan({ 'index.html': '' }).run).toMatch(/^exec sirv '\.' .*--port "\$PORT"/);
    expect(plan({ 'public/index.html': '' }, { CC_WEBROOT: '/public/' }).run).toContain("sirv './public' ");
    expect(refusal({ 'index.html': '' }, { CC_WEBROOT: '../etc' })).toContain('inside the source');
  });
});

describe('hooks', () => {
  const files = { 'package.json': manifest({ scripts: { start: 'node .', build: 'tsc' } }), 'package-lock.json': '{}' };

  it('run before and after everything else of the build', () => {
    const made = plan(files, { CC_PRE_BUILD_HOOK: 'echo "first"\necho second', CC_POST_BUILD_HOOK: './last.sh' });
    expect(commands(made).at(0)).toBe('echo "first"\necho second');
    expect(commands(made).at(-1)).toBe('./last.sh');
    expect(made.dependencyFiles).toBeNull();
    // a line break within a step would end the Dockerfile's instruction
    expect(
      toDockerfile(made)
        .split('\n')
        .filter((line) => line.startsWith('echo')),
    ).toEqual([]);
  });

  it('before the run end the instance when they fail', () => {
    const made = plan(files, { CC_PRE_RUN_HOOK: 'cd /tmp && ./migrate' });
    expect(made.run).toBe('(\ncd /tmp && ./migrate\n) || exit $?\nexec node .');
  });
});

describe('host steps', () => {
  it('are the same commands by argv', () => {
    const steps = toHostSteps(plan({ 'package.json': manifest(), 'package-lock.json': '{}' }));
    expect(steps.steps).toEqual([
      { phase: 'install', argv: ['sh', '-e', '-c', 'npm ci --omit=dev'], cwd: '.', label: 'npm ci --omit=dev' },
    ]);
    expect(steps.run).toEqual(['sh', '-c', 'exec node server.js']);
    expect(steps.tools).toEqual(['node', 'npm']);
  });
});
