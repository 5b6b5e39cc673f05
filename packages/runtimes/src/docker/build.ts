/** Plans and builds images: by a recipe, or by the user's own Dockerfile. Starts nothing. */
import { createHash } from 'node:crypto';
import { type Environment, errorMessage, TealError } from '@teal/core';
import type { BuildOutcome, BuildPlan, BuildRequest, PlanOutcome, PlanRequest, SourceTree } from '@teal/deployer';
import {
  chooseRecipe,
  exportLines,
  RECIPE_FILES,
  type RecipePlan,
  releaseCommandOf,
  toDockerfile,
} from '@teal/recipes';
import type { Bases } from './base.ts';
import type { DockerClient } from './client.ts';
import { DOCKERFILE_IN_CONTEXT, dockerfileContext, recipeContext, tarOf } from './context.ts';
import { neutraliseFrontend } from './dockerfile.ts';
import type { Naming } from './naming.ts';
import { type DockerBuildOutcome, runBuild } from './runbuild.ts';

/** Raised when the engine makes another image of the same plan. */
const FORMAT = 1;

type Detail = { kind: 'recipe'; recipe: RecipePlan } | { kind: 'dockerfile'; text: string };

export interface Builder {
  plan(request: PlanRequest): Promise<PlanOutcome>;
  build(request: BuildRequest): Promise<BuildOutcome>;
}

export interface BuilderOptions {
  /** Variables that a Dockerfile gets as build arguments. */
  buildArgNames: readonly string[];
  buildDeadlineMs: number;
}

function digestOf(...facts: unknown[]): string {
  return createHash('sha256')
    .update(JSON.stringify([FORMAT, ...facts]))
    .digest('hex');
}

function sorted(environment: Environment): [string, string][] {
  return Object.entries(environment).sort(([a], [b]) => (a < b ? -1 : 1));
}

function buildArgs(environment: Environment, names: readonly string[]): Record<string, string> {
  // it would choose a front end by the back door
  return Object.fromEntries(sorted(environment).filter(([name]) => names.includes(name) && name !== 'BUILDKIT_SYNTAX'));
}

async function readSmallFiles(source: SourceTree): Promise<Record<string, string>> {
  const present = new Set(source.entries.map((entry) => entry.path));
  const read = RECIPE_FILES.filter((path) => present.has(path)).map(async (path) => {
    const content = await source.read(path);
    return content === null ? [] : [[path, content.toString()] as const];
  });
  return Object.fromEntries((await Promise.all(read)).flat());
}

function failure(outcome: DockerBuildOutcome & { ok: false }): BuildOutcome {
  const exit = /exit code: (\d+)/.exec(outcome.message)?.[1];
  const detail =
    outcome.step === null
      ? outcome.message
      : exit === undefined
        ? `"${outcome.step}": ${outcome.message}`
        : `"${outcome.step}" ended with exit code ${exit}`;
  return { ok: false, code: 'build_failed', reason: errorMessage('build_failed', { detail }) };
}

export function createBuilder(client: DockerClient, naming: Naming, bases: Bases, options: BuilderOptions): Builder {
  async function planDockerfile(request: PlanRequest, text: string): Promise<PlanOutcome> {
    const outcome = neutraliseFrontend(text);
    if (!outcome.ok) {
      const reason = errorMessage('dockerfile_frontend', { frontend: outcome.frontend });
      return { ok: false, code: 'dockerfile_frontend', reason };
    }
    const inputs = buildArgs(request.environment, options.buildArgNames);
    const hasProcfile = request.source.entries.some((entry) => entry.path === 'Procfile');
    const procfile = hasProcfile ? await request.source.read('Procfile') : null;
    const detail: Detail = { kind: 'dockerfile', text: outcome.text };
    const plan: BuildPlan = {
      recipe: 'dockerfile',
      inputsDigest: digestOf('dockerfile', inputs),
      summary: 'Dockerfile found, used as it is',
      releaseCommand: releaseCommandOf(procfile?.toString()),
      detail,
    };
    return { ok: true, plan };
  }

  async function context(request: BuildRequest, detail: Detail, signal: AbortSignal) {
    const { source, environment } = request;
    if (detail.kind === 'dockerfile') {
      return { files: dockerfileContext(source, detail.text, signal), dockerfile: 'Dockerfile' };
    }
    await bases.ensure(detail.recipe.base, request.log, signal);
    const parts = {
      dockerfile: toDockerfile(detail.recipe),
      environment: exportLines(environment),
      exclude: detail.recipe.exclude,
    };
    return { files: recipeContext(source, parts, signal), dockerfile: DOCKERFILE_IN_CONTEXT };
  }

  async function build(request: BuildRequest, signal: AbortSignal): Promise<BuildOutcome> {
    const detail = request.plan.detail as Detail;
    const { files, dockerfile } = await context(request, detail, signal);
    const own = detail.kind === 'dockerfile' ? buildArgs(request.environment, options.buildArgNames) : {};
    const ref = naming.imageRef(request.appName, request.imageId);
    const outcome = await runBuild(client, {
      context: tarOf(files),
      dockerfile,
      tag: ref,
      labels: naming.labels(request.appId),
      buildArgs: { ...own, BUILDKIT_CACHE_MOUNT_NS: request.appId },
      cacheScope: createHash('sha256').update(request.organisationId).digest('hex').slice(0, 32),
      fresh: request.fresh,
      commandsOnly: detail.kind === 'recipe',
      log: request.log,
      signal,
    });
    return outcome.ok ? { ok: true, ref } : failure(outcome);
  }

  return {
    async plan(request) {
      const dockerfile = await request.source.read('Dockerfile');
      if (dockerfile !== null) return planDockerfile(request, dockerfile.toString());
      const paths = request.source.entries.map((entry) => entry.path);
      const files = await readSmallFiles(request.source);
      const choice = chooseRecipe({ paths, files, environment: request.environment });
      if (!choice.ok) return choice;
      const recipe = choice.plan;
      const inputs = [recipe, await bases.version(recipe.base), sorted(request.environment)];
      const detail: Detail = { kind: 'recipe', recipe };
      const plan: BuildPlan = {
        recipe: recipe.recipe,
        inputsDigest: digestOf(...inputs),
        summary: recipe.summary,
        releaseCommand: recipe.releaseCommand,
        detail,
      };
      return { ok: true, plan };
    },

    async build(request) {
      const deadline = AbortSignal.timeout(options.buildDeadlineMs);
      try {
        return await build(request, AbortSignal.any([request.signal, deadline]));
      } catch (error) {
        request.signal.throwIfAborted();
        if (deadline.aborted) {
          const limit = `${Math.round(options.buildDeadlineMs / 60_000)} minutes`;
          return { ok: false, code: 'build_timeout', reason: errorMessage('build_timeout', { limit }) };
        }
        if (error instanceof TealError) throw error;
        throw new TealError('engine_unavailable', { engine: 'docker', detail: String(error) }, { cause: error });
      }
    },
  };
}
