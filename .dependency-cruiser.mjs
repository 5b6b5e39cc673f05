/** The directions that imports may take between packages; see docs/architecture.md. */

/** Which of our packages and apps each may import, besides itself. */
const allowed = {
  'packages/core': [],
  'packages/host': [],
  'packages/contracts': ['packages/core'],
  'packages/deployer': ['packages/core'],
  'packages/recipes': ['packages/core'],
  'packages/store': ['packages/core', 'packages/deployer'],
  'packages/queue': ['packages/core', 'packages/deployer'],
  'packages/git': ['packages/core', 'packages/deployer'],
  'packages/runtimes': ['packages/core', 'packages/deployer', 'packages/recipes'],
  'packages/prober': ['packages/core', 'packages/deployer'],
  'packages/router': ['packages/core', 'packages/deployer'],
  'packages/mailer': ['packages/core', 'packages/deployer'],
  'packages/webhooks': ['packages/core', 'packages/deployer'],
  'apps/console': ['packages/contracts'],
  'apps/cli': ['packages/contracts'],
};

const directions = Object.entries(allowed).map(([folder, others]) => ({
  name: `${folder.replace('/', '-')}-imports-only-what-it-may`,
  severity: 'error',
  from: { path: `^${folder}/src/` },
  to: {
    path: '^(packages|apps|test)/',
    pathNot: [folder, ...others].map((other) => `^${other}/`),
  },
}));

/** dependency-cruiser takes its configuration from a default export only. */
// biome-ignore lint/style/noDefaultExport: the tool's own convention
export default {
  forbidden: [
    ...directions,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    { name: 'no-unresolvable', severity: 'error', from: {}, to: { couldNotResolve: true } },
    {
      name: 'core-does-no-io',
      comment: 'The rules depend on nothing at all, not even on Node.',
      severity: 'error',
      from: { path: '^packages/core/src/' },
      to: { dependencyTypes: ['core', 'npm', 'npm-dev', 'npm-optional', 'npm-peer'] },
    },
    {
      name: 'only-through-the-index',
      comment: "A package's index.ts is its whole public face; contracts exports its paths apart, for a quick start.",
      severity: 'error',
      from: { path: '^(packages|apps)/([^/]+)/' },
      to: {
        path: '^packages/[^/]+/src/',
        pathNot: ['^packages/[^/]+/src/index\\.ts$', '^packages/contracts/src/paths\\.ts$', '^packages/$2/'],
      },
    },
    {
      name: 'declared-dependencies-only',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/' },
      to: { dependencyTypes: ['npm-no-pkg', 'npm-unknown'] },
    },
    {
      name: 'no-tests-in-the-product',
      severity: 'error',
      from: { path: '^(packages|apps)/[^/]+/src/' },
      to: { path: '(^test/|/test/)' },
    },
  ],
  options: {
    parser: 'swc',
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '(^|/)(dist|fixtures)/' },
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'types', 'node', 'default'],
      extensions: ['.ts', '.tsx', '.js', '.mjs', '.cjs', '.json', '.d.ts', '.css'],
    },
  },
};
