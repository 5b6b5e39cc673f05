/** Recipe for Node: package.json → npm. Reads nothing but the listing and the small files given. */
import semver from 'semver';
import { compose, namedRunCommand, refuse } from './compose.ts';
import type { RecipeChoice, RecipeSource, RecipeStep } from './plan.ts';

const MAJORS = [24, 22, 20] as const;
const LOCKS = ['package-lock.json', 'npm-shrinkwrap.json'];
/** npm without the requests and notices that help nobody in a build. */
const QUIET_NPM = { npm_config_audit: 'false', npm_config_fund: 'false', npm_config_update_notifier: 'false' };
/** npm runs these by itself at install; they may need any file of the source. */
const INSTALL_SCRIPTS = ['preinstall', 'install', 'postinstall', 'prepublish', 'preprepare', 'prepare', 'postprepare'];

interface Manifest {
  name?: unknown;
  version?: unknown;
  engines?: { node?: unknown };
  scripts: Record<string, string>;
  dependencies: Record<string, string>;
  config?: unknown;
  workspaces?: unknown;
}

function strings(value: unknown): Record<string, string> {
  if (typeof value !== 'object' || value === null) return {};
  return Object.fromEntries(
    Object.entries(value).filter((entry): entry is [string, string] => typeof entry[1] === 'string'),
  );
}

function parseManifest(text: string): Manifest | null {
  try {
    const value: unknown = JSON.parse(text.replace(/^\uFEFF/, ''));
    if (typeof value !== 'object' || value === null || Array.isArray(value)) return null;
    const raw = value as Record<string, unknown>;
    const dependencies = {
      ...strings(raw.dependencies),
      ...strings(raw.devDependencies),
      ...strings(raw.optionalDependencies),
    };
    return { ...raw, scripts: strings(raw.scripts), dependencies };
  } catch {
    return null;
  }
}

/** The newest major that `range` allows; null when it allows none, or is no range. */
function chooseMajor(range: unknown): number | null {
  if (range === undefined) return MAJORS[0];
  if (typeof range !== 'string' || semver.validRange(range) === null) return null;
  return MAJORS.find((major) => semver.intersects(range, `${major}.x`)) ?? null;
}

function needsWholeSource(manifest: Manifest, paths: ReadonlySet<string>): boolean {
  return (
    INSTALL_SCRIPTS.some((name) => manifest.scripts[name] !== undefined) ||
    manifest.workspaces !== undefined ||
    paths.has('binding.gyp') ||
    Object.values(manifest.dependencies).some((spec) => /^(file:|link:|\.|\/|~\/)/.test(spec))
  );
}

/** `npm start` without npm where that is the same: no pre or post script, nothing that reads npm's own variables. */
function startCommand(manifest: Manifest, npmrc: string): { run: string; environment: Record<string, string> } {
  const script = manifest.scripts.start ?? 'node server.js';
  const plain =
    manifest.scripts.prestart === undefined &&
    manifest.scripts.poststart === undefined &&
    manifest.config === undefined &&
    !/npm_|INIT_CWD/.test(script) &&
    !/script-shell|scripts-prepend/.test(npmrc);
  if (!plain) return { run: 'npm start', environment: {} };
  const environment: Record<string, string> = { npm_lifecycle_event: 'start' };
  if (typeof manifest.name === 'string') environment.npm_package_name = manifest.name;
  if (typeof manifest.version === 'string') environment.npm_package_version = manifest.version;
  return { run: script, environment };
}

function nodeSteps(manifest: Manifest, locked: boolean): RecipeStep[] {
  const install = locked ? 'npm ci' : 'npm install';
  if (manifest.scripts.build === undefined) {
    return [{ phase: 'install', command: `${install} --omit=dev`, cache: 'npm' }];
  }
  return [
    { phase: 'install', command: `${install} --include=dev`, cache: 'npm' },
    { phase: 'build', command: 'npm run build', cache: 'npm' },
    { phase: 'build', command: 'npm prune --omit=dev --ignore-scripts', cache: 'npm' },
  ];
}

export function nodeRecipe(source: RecipeSource): RecipeChoice {
  const manifest = parseManifest(source.files['package.json'] ?? '');
  if (manifest === null) return refuse('package.json is not valid JSON. Correct it and push again.');
  const paths = new Set(source.paths);
  const major = chooseMajor(manifest.engines?.node);
  if (major === null) {
    const asked = JSON.stringify(manifest.engines?.node);
    return refuse(
      `package.json asks for Node ${asked} ("engines"). Teal has ${[...MAJORS].reverse().join(', ')}: allow one of them.`,
    );
  }
  const start = startCommand(manifest, source.files['.npmrc'] ?? '');
  const startable = manifest.scripts.start !== undefined || paths.has('server.js');
  const named = namedRunCommand(source);
  if (named === null && !startable) {
    return refuse(
      'package.json has no start script. Add one ("start": "node server.js"), or a Procfile with a "web:" line, or set CC_RUN_COMMAND.',
    );
  }
  const usesStart = named === null || (named === 'npm start' && startable);
  const lock = LOCKS.find((name) => paths.has(name));
  const dependencyFiles = ['package.json', ...LOCKS, '.npmrc'].filter((path) => paths.has(path));
  const run = usesStart ? start.run : named;
  return compose(source, {
    recipe: 'node',
    version: 1,
    base: `teal/node:${major}`,
    summary: `Node ${major} app (package.json${lock === undefined ? ', no lock file' : ` and ${lock}`}), started with: ${run}`,
    exclude: ['node_modules'],
    dependencyFiles: needsWholeSource(manifest, paths) ? null : dependencyFiles,
    steps: nodeSteps(manifest, lock !== undefined),
    run,
    environment: { NODE_ENV: 'production', ...QUIET_NPM, ...(usesStart ? start.environment : {}) },
    pathEntries: ['node_modules/.bin'],
  });
}

export function looksLikeNode(source: RecipeSource): boolean {
  return source.files['package.json'] !== undefined;
}

/** A package.json that only serves tools: nothing to build, nothing to start. */
export function isToolingOnly(source: RecipeSource): boolean {
  const manifest = parseManifest(source.files['package.json'] ?? '');
  return (
    manifest !== null &&
    manifest.scripts.start === undefined &&
    manifest.scripts.build === undefined &&
    !source.paths.includes('server.js') &&
    namedRunCommand(source) === null
  );
}
