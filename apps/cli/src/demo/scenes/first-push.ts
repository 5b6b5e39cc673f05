/** Scene 1: a first push goes live and answers. */
import { duration } from '../../output/moment.ts';
import { fetchApp, instancesOf, livePool, type Play, push, type Version } from '../play.ts';
import { watchWhile } from '../watch.ts';

/** Resolves with version 1 as it went live, or null when it did not. */
export async function firstPush(play: Play): Promise<Version | null> {
  const { stage, door, repository } = play;
  stage.open('git push: the first version goes live');
  const commit = await repository.commit('Say hello');
  const { done: pushed, sighting } = await watchWhile(door, '1', () => push(play));
  stage.check(
    `http://${door.host}/ answers from version 1`,
    sighting !== null,
    sighting === null ? 'no good answer' : '',
  );
  if (sighting === null) return null;
  const app = await fetchApp(play);
  stage.check(
    'the platform says that this commit is live',
    app.live?.commit.commit === commit,
    app.live?.commit.commit.slice(0, 7),
  );
  const instances = instancesOf(livePool(app));
  stage.check('it runs in an instance of its own', instances.length > 0, instances[0]);
  stage.time('from git push to the first answer', sighting.at - pushed.startedAt);
  stage.tell(`     git push let go after ${duration(pushed.endedAt - pushed.startedAt)}`);
  return { commit, instances, startedAt: sighting.home.startedAt };
}
