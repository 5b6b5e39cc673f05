/** Writes a plan as a Dockerfile for BuildKit. Touches no file. */
import type { RecipePlan, RecipeStep } from './plan.ts';

/** Where things lie in the build context and in the base image. */
export const CONTEXT = Object.freeze({
  /** Folder of the context that holds the app's source. */
  source: 'source',
  /** File of the context with the build-time variables, as lines of `export`. */
  environment: 'teal/environment',
});
export const APP_FOLDER = '/app';
export const APP_HOME = '/home/app';
/** In every base image: reads the build-time variables, then runs its one argument with `sh -e`. */
export const STEP_COMMAND = '/usr/local/bin/teal-step';
export const ENVIRONMENT_FILE = '/run/teal/environment';

const CACHE_FOLDER = { npm: `${APP_HOME}/.npm`, pip: `${APP_HOME}/.cache/pip` };
const OWNER = 'uid=1000,gid=1000';

function runLine(step: RecipeStep): string {
  const mounts = [`--mount=type=bind,source=${CONTEXT.environment},target=${ENVIRONMENT_FILE}`];
  if (step.cache !== null) {
    mounts.push(`--mount=type=cache,id=teal-${step.cache},target=${CACHE_FOLDER[step.cache]},${OWNER}`);
  }
  return `RUN ${mounts.join(' ')} ${JSON.stringify([STEP_COMMAND, step.command])}`;
}

function environmentLines(plan: RecipePlan): string[] {
  const lines = Object.entries(plan.environment).map(
    ([name, value]) => `ENV ${name}="${value.replace(/[\\"$]/g, '\\$&').replace(/[\r\n]+/g, ' ')}"`,
  );
  if (plan.pathEntries.length > 0) {
    lines.push(`ENV PATH="${plan.pathEntries.map((entry) => `${APP_FOLDER}/${entry}`).join(':')}:$PATH"`);
  }
  return lines;
}

/** One COPY per folder, since COPY flattens. */
function dependencyLines(files: readonly string[]): string[] {
  const folders = new Map<string, string[]>();
  for (const file of files) {
    const folder = file.slice(0, file.lastIndexOf('/') + 1);
    folders.set(folder, [...(folders.get(folder) ?? []), `${CONTEXT.source}/${file}`]);
  }
  return [...folders].map(([folder, paths]) => `COPY --chown=1000:1000 ${JSON.stringify([...paths, `./${folder}`])}`);
}

/**
 * The Dockerfile of `plan`. The context holds the source and the variables as {@link CONTEXT} says; `base` is the
 * base image's own name, by default the plan's.
 */
export function toDockerfile(plan: RecipePlan, base: string = plan.base): string {
  const copyAll = `COPY --chown=1000:1000 ${CONTEXT.source}/ ./`;
  const install = plan.steps.filter((step) => step.phase === 'install').map(runLine);
  const build = plan.steps.filter((step) => step.phase === 'build').map(runLine);
  const layered = plan.dependencyFiles !== null && plan.dependencyFiles.length > 0;
  return [
    `FROM ${base}`,
    `WORKDIR ${APP_FOLDER}`,
    ...environmentLines(plan),
    ...(layered ? dependencyLines(plan.dependencyFiles ?? []) : [copyAll]),
    ...install,
    ...(layered ? [copyAll] : []),
    ...build,
    `CMD ${JSON.stringify(['/bin/sh', '-c', plan.run])}`,
    '',
  ].join('\n');
}
