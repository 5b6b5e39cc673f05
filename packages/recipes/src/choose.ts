/** Chooses the recipe for a tree. Pure: the listing and a few small files decide. */
import { errorMessage } from '@teal/core';
import { isToolingOnly, looksLikeNode, nodeRecipe } from './node.ts';
import type { RecipeChoice, RecipeSource } from './plan.ts';
import { looksLikePython, pythonRecipe } from './python.ts';
import { looksStatic, staticRecipe } from './static.ts';

const LOOKED_FOR =
  'a Dockerfile, package.json (Node), requirements.txt or pyproject.toml (Python), index.html at the root or in CC_WEBROOT (static site)';

/** Node before Python where both fit, unless only Python can be started; a static site where neither fits. */
export function chooseRecipe(source: RecipeSource): RecipeChoice {
  const fitting: ((source: RecipeSource) => RecipeChoice)[] = [];
  if (looksLikeNode(source) && !(isToolingOnly(source) && looksStatic(source))) fitting.push(nodeRecipe);
  if (looksLikePython(source)) fitting.push(pythonRecipe);
  if (fitting.length === 0 && looksStatic(source)) fitting.push(staticRecipe);

  const choices = fitting.map((recipe) => recipe(source));
  return (
    choices.find((choice) => choice.ok) ??
    choices[0] ?? { ok: false, code: 'source_unknown', reason: errorMessage('source_unknown', { looked: LOOKED_FOR }) }
  );
}
