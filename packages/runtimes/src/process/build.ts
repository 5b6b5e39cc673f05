/** Builds an image: the source in a folder, the recipe's steps run in it as the apps' user. */
import { errorMessage } from '@teal/core';
import type { BuildOutcome, BuildRequest } from '@teal/deployer';
import { type HostPlan, type HostStep, type RecipePlan, toHostSteps } from '@teal/recipes';
import { type CommandEnd, runCommand } from './command.ts';
import { dependencyKey, keepDependencies, restoreDependencies, type Store } from './dependencies.ts';
import { composeEnvironment } from './environment.ts';
import { extractSource } from './extract.ts';
import { appFolder, buildMarker, markBuilding, readImage, writeImage } from './image.ts';
import type { Layout, ProcessEngineOptions } from './options.ts';
import { processPlan } from './plan.ts';
import { makeFolder, makeOwnFolder, removeAll } from './reach.ts';
import { identify } from './session.ts';
import type { Tools } from './tools.ts';

export interface BuildContext {
  layout: Layout;
  options: ProcessEngineOptions;
  tools: Tools;
}

interface Build {
  context: BuildContext;
  request: BuildRequest;
  recipe: RecipePlan;
  plan: HostPlan;
  folder: string;
  environment: Readonly<Record<string, string>>;
  store: Store;
}

/** The app's home, for caches. */
export async function ensureHome(layout: Layout, appId: string, options: ProcessEngineOptions): Promise<string> {
  const home = layout.home(appId);
  await makeFolder(layout.dependencies(appId), 0o755);
  await makeOwnFolder(home, options.runAs);
  return home;
}

async function prepare(context: BuildContext, request: BuildRequest): Promise<Build> {
  const { layout, options, tools } = context;
  const { appId, imageId } = request;
  const { recipe } = processPlan(request.plan);
  const plan = toHostSteps(recipe);
  const folder = appFolder(layout, imageId);
  const home = await ensureHome(layout, appId, options);
  await removeAll(layout.image(imageId));
  await makeFolder(layout.image(imageId), 0o755);
  const owner = identify(process.pid);
  if (owner !== null) await markBuilding(layout, imageId, owner);
  await makeOwnFolder(folder, options.runAs);
  const parts = { tools, home, folder, plan, operator: options.environment ?? {}, own: request.environment };
  const environment = composeEnvironment(parts);
  return { context, request, recipe, plan, folder, environment, store: { layout, appId, runAs: options.runAs } };
}

function extract(build: Build, includes: (path: string) => boolean): Promise<void> {
  const { request, folder, context } = build;
  const marker = buildMarker(request.imageId);
  const { source, signal } = request;
  return extractSource({ source, folder, includes, runAs: context.options.runAs, marker, signal });
}

/** All of the source but what the build itself makes. */
function extractAll(build: Build): Promise<void> {
  const { exclude } = build.plan;
  return extract(build, (path) => !exclude.includes(path.split('/', 1)[0] ?? ''));
}

function describeEnd(step: HostStep, end: CommandEnd): string {
  const how = end.killedBy === null ? `with exit code ${end.exitCode}` : `by ${end.killedBy}`;
  return `"${step.label.slice(0, 200)}" ended ${how}.`;
}

/** Runs the steps of one phase in order; null when all went well, else the refusal. */
async function runSteps(build: Build, phase: HostStep['phase']): Promise<BuildOutcome | null> {
  const { request, folder, environment, context } = build;
  for (const step of build.plan.steps.filter((one) => one.phase === phase)) {
    request.log('build', `$ ${step.label}`);
    const end = await runCommand({
      argv: step.argv,
      cwd: `${folder}/${step.cwd}`,
      environment,
      runAs: context.options.runAs,
      marker: buildMarker(request.imageId),
      line: (text) => request.log('build', text),
      signal: request.signal,
    });
    if (end.exitCode === 0) continue;
    const reason = errorMessage('build_failed', { detail: describeEnd(step, end) });
    return { ok: false, code: 'build_failed', reason };
  }
  return null;
}

async function install(build: Build): Promise<BuildOutcome | null> {
  const { request, recipe, folder, store, context } = build;
  const { environment, source, signal } = request;
  const key = await dependencyKey(recipe, source, { nodeVersion: context.tools.nodeVersion, environment });
  if (key === null) {
    await extractAll(build);
    return runSteps(build, 'install');
  }
  if (!request.fresh && (await restoreDependencies(store, key, folder, signal))) {
    request.log('teal', 'Dependencies are as before: nothing to install.');
  } else {
    await extract(build, (path) => recipe.dependencyFiles?.includes(path) ?? false);
    const refusal = await runSteps(build, 'install');
    if (refusal !== null) return refusal;
    await keepDependencies(store, key, folder, signal);
  }
  await extractAll(build);
  return null;
}

function warnOfNode(build: Build): void {
  const asked = /^teal\/node:(\d+)/.exec(build.recipe.base)?.[1];
  const { nodeVersion } = build.context.tools;
  if (asked !== undefined && asked !== nodeVersion.split('.')[0]) {
    build.request.log(
      'teal',
      `The app asks for Node ${asked}; without Docker this platform has Node ${nodeVersion} only.`,
    );
  }
}

/** Builds `request.imageId`, or finds it built. Leaves nothing behind when it fails or is aborted. */
export async function buildImage(context: BuildContext, request: BuildRequest): Promise<BuildOutcome> {
  const { layout } = context;
  const { imageId } = request;
  request.signal.throwIfAborted();
  if ((await readImage(layout, imageId)) !== null) return { ok: true, ref: imageId };
  try {
    const build = await prepare(context, request);
    warnOfNode(build);
    const refusal = (await install(build)) ?? (await runSteps(build, 'build'));
    if (refusal !== null) {
      await removeAll(layout.image(imageId));
      return refusal;
    }
    const { run, environment, pathEntries } = build.plan;
    await writeImage(layout, imageId, { appId: request.appId, plan: { run, environment, pathEntries } });
    return { ok: true, ref: imageId };
  } catch (error) {
    await removeAll(layout.image(imageId));
    request.signal.throwIfAborted();
    throw error;
  }
}
