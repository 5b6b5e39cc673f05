/** Decides how a tree is built without containers; refuses what needs them. Builds nothing. */
import { createHash } from 'node:crypto';
import { errorMessage } from '@teal/core';
import type { BuildPlan, PlanOutcome, PlanRequest } from '@teal/deployer';
import { chooseRecipe, RECIPE_FILES, type RecipePlan, toHostSteps } from '@teal/recipes';
import { hasTool, type Tools } from './tools.ts';

/** Raised when the same plan makes another image than before. */
const ENGINE_VERSION = 1;

/** The engine's own part of a plan. */
export interface ProcessPlan {
  recipe: RecipePlan;
}

export function processPlan(plan: BuildPlan): ProcessPlan {
  return plan.detail as ProcessPlan;
}

/** Digest of anything that JSON can write; keys in any order. */
export function digest(value: unknown): string {
  const sorted = (_key: string, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part;
  return createHash('sha256').update(JSON.stringify(value, sorted)).digest('hex');
}

async function missingTools(tools: Tools, names: readonly string[]): Promise<string[]> {
  const found = await Promise.all(names.map((name) => hasTool(tools, name)));
  return names.filter((_name, at) => !found[at]);
}

export async function planBuild(tools: Tools, { source, environment }: PlanRequest): Promise<PlanOutcome> {
  const paths = source.entries.map((entry) => entry.path);
  if (paths.includes('Dockerfile')) {
    const reason = errorMessage('dockerfile_unsupported', { recipes: 'Node, Python, static site' });
    return { ok: false, code: 'dockerfile_unsupported', reason };
  }
  const files: Record<string, string> = {};
  for (const name of RECIPE_FILES) {
    const content = await source.read(name);
    if (content !== null) files[name] = content.toString('utf8');
  }
  const choice = chooseRecipe({ paths, files, environment });
  if (!choice.ok) return choice;
  const recipe = choice.plan;
  const missing = await missingTools(tools, toHostSteps(recipe).tools);
  if (missing.length > 0) {
    const detail = `this platform runs apps without Docker, and its machine has no ${missing.join(', ')}`;
    return {
      ok: false,
      code: 'base_unavailable',
      reason: errorMessage('base_unavailable', { base: recipe.base, detail }),
    };
  }
  const inputs = { engine: ENGINE_VERSION, node: tools.nodeVersion, recipe, environment };
  const plan: BuildPlan = {
    recipe: recipe.recipe,
    inputsDigest: digest(inputs),
    summary: recipe.summary,
    releaseCommand: recipe.releaseCommand,
    detail: { recipe } satisfies ProcessPlan,
  };
  return { ok: true, plan };
}
