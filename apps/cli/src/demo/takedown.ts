/** Ends what the demo has started: the app with its instances, images and networks, the platform, and what outlives it. */
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { AppView, ChangeEvent } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { Api } from '../api/client.ts';
import { followEvents } from '../api/events.ts';
import { CommandError } from '../output/exit.ts';
import { ownEnvironment, type Platform, type PlatformOptions, startPlatform } from './platform.ts';
import { APP } from './play.ts';

const CLEAN_UP_MS = 90_000;

/** Resolves with a sentence about each thing that could not be ended. */
export async function takeDown(platform: Platform, options: PlatformOptions): Promise<string[]> {
  const troubles: string[] = [];
  const signal = AbortSignal.timeout(CLEAN_UP_MS);
  try {
    // A platform that died left its instances and its database behind: a new one on the same data adopts them.
    const last = platform.hasEnded() ? await startPlatform({ ...options, signal }) : platform;
    try {
      const url = new URL(new URL(last.ready.apiUrl).origin);
      await removeApp(new Api({ url, token: platform.ready.token }, signal));
    } finally {
      const trouble = await last.stop();
      if (trouble !== null) troubles.push(trouble);
    }
  } catch (error) {
    troubles.push(`the app "${APP}" was not removed: ${(error as Error).message}`);
  }
  await endRest(options).catch((error: Error) => troubles.push(`"teal down" failed: ${error.message}`));
  return troubles;
}

/** HAProxy serves on after the platform's end. */
export async function endRest({ root, dataDir, env }: PlatformOptions): Promise<void> {
  const environment = ownEnvironment(env) as NodeJS.ProcessEnv;
  await promisify(execFile)(join(root, 'teal'), ['down', '--instances', '--data', dataDir], { env: environment });
}

/** Resolves when nothing of the app is left; the deletion is answered before that. */
async function removeApp(api: Api): Promise<void> {
  const app = await api.get<AppView>(paths.app(APP)).catch((error: unknown) => {
    if (error instanceof CommandError && error.exit === 'notFound') return null;
    throw error;
  });
  if (app === null) return;
  const listening = Promise.withResolvers<void>();
  const gone = awaitRemoval(api, app.id, listening.resolve);
  // Awaited below, or beaten by an earlier trouble.
  gone.catch(listening.reject);
  await listening.promise;
  await api.delete(paths.app(app.id));
  await gone;
}

async function awaitRemoval(api: Api, appId: string, onOpen: () => void): Promise<void> {
  for await (const event of followEvents(api.server, { signal: api.signal, path: paths.events, onOpen })) {
    const change = JSON.parse(event.data) as ChangeEvent;
    if (change.type === 'app-deleted' && change.appId === appId) return;
  }
}
