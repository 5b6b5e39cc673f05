/** What each base image is made of, as data: versions are pinned here. */

/** Packages of each root file system, on top of the smallest one that the distribution has. */
export const ROOT_PACKAGES = Object.freeze({
  plain: ['ca-certificates'],
  python: ['ca-certificates', 'python3', 'python3-venv'],
});
export type RootKind = keyof typeof ROOT_PACKAGES;

/** Raised when the making of bases changes, so that they are made anew. */
export const BASE_FORMAT = 1;

/** npm packages that carry Node itself. */
const NODE_VERSIONS: Readonly<Record<string, string>> = { '20': '20.20.2', '22': '22.23.3', '24': '24.21.0' };
const NPM_VERSION = '11.21.2';
const SIRV_VERSION = '3.0.1';
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: 'x64', arm64: 'arm64' };

export interface BaseKind {
  name: string;
  /** What it stands on: another base of ours, or a root file system. */
  on: { base: string } | { root: RootKind };
  /** The official image that has all of it, for where a registry is reachable. */
  official: string | null;
  /** npm packages, exact versions, that are put into the context's folder `packages`. */
  npm: readonly string[];
  lines: readonly string[];
}

function nodeKind(name: string, major: string): BaseKind | null {
  const version = NODE_VERSIONS[major];
  const arch = ARCHITECTURES[process.arch];
  if (version === undefined || arch === undefined) return null;
  const carrier = `node-linux-${arch}`;
  return {
    name,
    on: { root: 'plain' },
    official: `node:${major}-slim`,
    npm: [`${carrier}@${version}`, `npm@${NPM_VERSION}`],
    lines: [
      `COPY packages/${carrier}/bin/node /usr/local/bin/node`,
      'COPY packages/npm /usr/local/lib/node_modules/npm',
      'RUN ln -s ../lib/node_modules/npm/bin/npm-cli.js /usr/local/bin/npm && ln -s ../lib/node_modules/npm/bin/npx-cli.js /usr/local/bin/npx',
    ],
  };
}

const SIRV_LINES = [
  'COPY packages /usr/local/lib/sirv/node_modules',
  'RUN ln -s ../lib/sirv/node_modules/sirv-cli/bin.js /usr/local/bin/sirv',
];

/** The base that a recipe names, or null when there is none of that name. */
export function baseKind(name: string): BaseKind | null {
  const [kind, version = ''] = name.replace(/^teal\//, '').split(':');
  if (kind === 'node') return nodeKind(name, version);
  if (kind === 'python' && version === '3') {
    return { name, on: { root: 'python' }, official: 'python:3-slim', npm: [], lines: [] };
  }
  if (kind === 'static' && version === '1') {
    const on = { base: 'teal/node:24' };
    const npm = [`sirv-cli@${SIRV_VERSION}`];
    return { name, on, official: null, npm, lines: SIRV_LINES };
  }
  return null;
}
