/** What all recipes share: hooks around their steps, the run command's order of preference. */
import type { RecipeChoice, RecipePlan, RecipeSource, RecipeStep } from './plan.ts';
import { parseProcfile, releaseCommandOf } from './procfile.ts';
import { execForm } from './shell.ts';

export function refuse(reason: string): RecipeChoice {
  return { ok: false, code: 'recipe_invalid', reason };
}

function variable(source: RecipeSource, name: string): string | null {
  const value = source.environment[name]?.trim();
  return value === undefined || value === '' ? null : value;
}

/** The command that the app itself names: CC_RUN_COMMAND, else the Procfile's `web:`; null when neither is there. */
export function namedRunCommand(source: RecipeSource): string | null {
  return variable(source, 'CC_RUN_COMMAND') ?? parseProcfile(source.files.Procfile).get('web') ?? null;
}

export type RecipeOwnPart = Omit<RecipePlan, 'releaseCommand' | 'exclude'> & {
  exclude?: readonly string[];
};

/** Adds the hooks and the release command. A hook before the build may need any file, so it ends the layering. */
export function compose(source: RecipeSource, own: RecipeOwnPart): RecipeChoice {
  const preBuild = variable(source, 'CC_PRE_BUILD_HOOK');
  const postBuild = variable(source, 'CC_POST_BUILD_HOOK');
  const preRun = variable(source, 'CC_PRE_RUN_HOOK');
  const steps: RecipeStep[] = [
    ...(preBuild === null ? [] : [{ phase: 'install' as const, command: preBuild, cache: null }]),
    ...own.steps,
    ...(postBuild === null ? [] : [{ phase: 'build' as const, command: postBuild, cache: null }]),
  ];
  const run = execForm(own.run);
  return {
    ok: true,
    plan: {
      ...own,
      exclude: own.exclude ?? [],
      dependencyFiles: preBuild === null ? own.dependencyFiles : null,
      steps,
      run: preRun === null ? run : `(\n${preRun}\n) || exit $?\n${run}`,
      releaseCommand: releaseCommandOf(source.files.Procfile),
    },
  };
}
