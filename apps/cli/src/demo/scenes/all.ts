/** The five scenes in their order; one that breaks says why and lets the others play where they can. */
import type { Play } from '../play.ts';
import { badAnswer, brokenBuild } from './failing-push.ts';
import { firstPush } from './first-push.ts';
import { revive } from './revive.ts';
import { secondPush } from './second-push.ts';

export async function playScenes(play: Play): Promise<void> {
  const first = await attempt(play, () => firstPush(play));
  if (first === null) return;
  const second = await attempt(play, () => secondPush(play));
  if (second === null) return;
  await attempt(play, () => badAnswer(play, second));
  await attempt(play, () => brokenBuild(play, second));
  await attempt(play, () => revive(play, first));
}

async function attempt<T>(play: Play, scene: () => Promise<T>): Promise<T | null> {
  try {
    return await scene();
  } catch (error) {
    if (play.api.signal.aborted) throw error;
    play.stage.broke(error);
    return null;
  }
}
