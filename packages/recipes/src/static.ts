/** Recipe for a static site: an index.html, served by sirv. */
import { compose, namedRunCommand, refuse } from './compose.ts';
import type { RecipeChoice, RecipeSource } from './plan.ts';
import { shellQuote } from './shell.ts';

/** The folder that is served, without slashes at its ends; empty for the root. Null: it leads out of the source. */
function webroot(source: RecipeSource): string | null {
  const parts = (source.environment.CC_WEBROOT ?? '').split('/').filter((part) => part !== '' && part !== '.');
  return parts.includes('..') ? null : parts.join('/');
}

export function looksStatic(source: RecipeSource): boolean {
  const root = webroot(source);
  if (root === null) return true;
  return source.paths.includes(root === '' ? 'index.html' : `${root}/index.html`);
}

export function staticRecipe(source: RecipeSource): RecipeChoice {
  const root = webroot(source);
  if (root === null) return refuse('CC_WEBROOT must be a folder inside the source, for instance "/public".');
  const served = root === '' ? '.' : `./${root}`;
  const run =
    namedRunCommand(source) ??
    `sirv ${shellQuote(served)} --host 0.0.0.0 --port "$PORT" --etag --maxage 0 --no-clear --quiet`;
  return compose(source, {
    recipe: 'static',
    version: 1,
    base: 'teal/static:1',
    summary: `Static site (${root === '' ? '' : `${root}/`}index.html)`,
    dependencyFiles: null,
    steps: [],
    run,
    environment: {},
    pathEntries: [],
  });
}
