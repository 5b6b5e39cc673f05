/** The demo from its beginning to its end: sets up, plays the scenes, stays or goes, and leaves nothing behind. */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { AppView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { Api } from '../api/client.ts';
import type { Call } from '../call.ts';
import { CommandError } from '../output/exit.ts';
import { duration } from '../output/moment.ts';
import { ROOT } from '../root.ts';
import { type Platform, type PlatformOptions, startPlatform } from './platform.ts';
import { APP, type Play } from './play.ts';
import { Repository } from './repository.ts';
import { playScenes } from './scenes/all.ts';
import { Stage } from './stage.ts';
import { endRest, takeDown } from './takedown.ts';

const MAIN = join(ROOT, 'apps/cli/src/main.ts');
/** Scene 3 waits this long for a version that never becomes healthy: two minutes would tell nothing more. */
const GATE_DEADLINE_MS = 15_000;

/** Throws when a scene did not hold, when it was interrupted before the last one, or when it could not clean up. */
export async function runDemo(call: Call): Promise<void> {
  const stage = new Stage(call);
  const folder = await mkdtemp(join(tmpdir(), 'teal-demo-'));
  // Builds, instances and PostgreSQL may run as users of their own: they must be able to pass.
  await chmod(folder, 0o755);
  let platform: Platform | null = null;
  const troubles: string[] = [];
  try {
    platform = await setUp(call, stage, folder);
    await playAndStay(call, { stage, folder, platform });
  } finally {
    if (platform !== null) {
      stage.tell('stopping …');
      troubles.push(...(await takeDown(platform, platformOptions(call, stage, folder))));
    } else await endRest(platformOptions(call, stage, folder)).catch((error: Error) => troubles.push(error.message));
    await rm(folder, { recursive: true, force: true, maxRetries: 5 }).catch((error: Error) =>
      troubles.push(error.message),
    );
    for (const trouble of troubles) call.note(`could not clean up: ${trouble}`);
  }
  if (troubles.length > 0)
    throw new CommandError('failed', 'demo_left_over', 'the demo could not stop all that it started.');
  if (!stage.held) throw new CommandError('failed', 'demo_failed', 'not every scene held.');
}

function platformOptions(call: Call, stage: Stage, folder: string): PlatformOptions {
  const { options, io } = call;
  return {
    root: ROOT,
    dataDir: join(folder, 'data'),
    engine: options.engine ?? 'auto',
    install: options.install !== false,
    env: io.env,
    signal: io.signal,
    onLine: (line) => stage.quote(line),
  };
}

async function setUp(call: Call, stage: Stage, folder: string): Promise<Platform> {
  const { options, paint } = call;
  const startMs = performance.now();
  stage.tell(paint.bold('Teal, from git push to live, and back'));
  stage.tell(paint.dim('starting a platform of its own …'));
  const platform = await startPlatform(platformOptions(call, stage, folder));
  const { engine, router, isolated } = platform.ready;
  stage.tell(
    `${paint.green('✔')} engine ${engine}, router ${router}, ready after ${duration(performance.now() - startMs)}`,
  );
  if (!isolated)
    stage.tell(paint.yellow('! on this engine apps are not isolated from each other or from this machine'));
  if (process.getuid?.() === 0 && engine !== 'docker' && options.engine !== 'process') {
    await platform.stop();
    throw new CommandError(
      'failed',
      'demo_without_docker',
      `as root the demo wants Docker, and the engine is ${engine}. Install Docker, or ask for the embedded engine: teal demo --engine process.`,
    );
  }
  return platform;
}

async function playAndStay(call: Call, set: { stage: Stage; folder: string; platform: Platform }): Promise<void> {
  const { stage, folder, platform } = set;
  const lost = new AbortController();
  platform.lost.catch(() => lost.abort());
  const signal = AbortSignal.any([call.io.signal, lost.signal]);
  try {
    const play = await rehearse(call, { stage, folder, platform, signal });
    await playScenes(play);
  } catch (error) {
    // Of two troubles the platform's end is the cause.
    if (lost.signal.aborted) await platform.lost;
    throw error;
  }
  if (lost.signal.aborted) await platform.lost;
  stage.summary();
  if (call.options.exit === true) return;
  sayWhere(call, platform);
  await Promise.race([
    new Promise<void>((done) => call.io.signal.addEventListener('abort', () => done())),
    platform.lost,
  ]);
  stage.tell();
}

async function rehearse(
  call: Call,
  set: { stage: Stage; folder: string; platform: Platform; signal: AbortSignal },
): Promise<Play> {
  const { stage, folder, platform, signal } = set;
  const { ready } = platform;
  const url = new URL(new URL(ready.apiUrl).origin);
  const env = { ...call.io.env, TEAL_URL: url.origin, TEAL_TOKEN: ready.token };
  const io = { ...call.io, env, signal };
  const api = new Api({ url, token: ready.token }, signal);
  stage.command(`teal apps create ${APP}`);
  const app = await api.post<AppView>(paths.apps(), { name: APP, settings: { gateDeadlineMs: GATE_DEADLINE_MS } });
  stage.tell(`   a version has ${duration(GATE_DEADLINE_MS)} to become healthy here (by default 2 min)`);
  const repository = await Repository.create({
    folder: join(folder, 'push'),
    example: join(ROOT, 'examples/hello-node'),
    remoteUrl: app.gitUrl,
    helper: [process.execPath, MAIN, 'credential'],
    env,
    signal,
  });
  const door = { port: ready.httpPort, host: new URL(app.url).host };
  const crash = ready.router === 'haproxy' ? () => platform.crash() : null;
  return { stage, io, api, repository, door, crash };
}

function sayWhere(call: Call, platform: Platform): void {
  const { ready } = platform;
  call.rows([
    [' console', call.paint.bold(ready.consoleUrl)],
    [' app', call.paint.bold(ready.appUrlPattern.replace('<app>', APP))],
    [' token', ready.token],
  ]);
  call.say();
  call.say(call.paint.dim(' Ctrl-C stops it all and removes what it made.'));
}
