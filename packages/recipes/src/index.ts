/** Recipes: a source listing → how to build and run it, as data. No I/O. */
export { chooseRecipe } from './choose.ts';
export { APP_FOLDER, APP_HOME, CONTEXT, ENVIRONMENT_FILE, STEP_COMMAND, toDockerfile } from './dockerfile.ts';
export { type HostPlan, type HostStep, toHostSteps } from './hoststeps.ts';
export {
  type BaseName,
  RECIPE_FILES,
  type RecipeChoice,
  type RecipePlan,
  type RecipeSource,
  type RecipeStep,
} from './plan.ts';
export { parseProcfile, releaseCommandOf } from './procfile.ts';
export { execForm, exportLines, shellQuote } from './shell.ts';
