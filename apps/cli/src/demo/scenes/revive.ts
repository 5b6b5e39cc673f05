/** Scene 5: Start last pushed commit. Version 1 answers again, from the instance it had. */

import { makeCall } from '../../call.ts';
import { startLastPushedCommit } from '../../commands/start-last-pushed-commit.ts';
import { APP, fetchApp, instancesOf, livePool, type Play, type Version } from '../play.ts';
import { awaitApp, type Sighting, watchWhile } from '../watch.ts';

/** Drain deadline and a margin: how long version 1 may take to fall asleep. */
const ASLEEP_MS = 45_000;

export async function revive(play: Play, version: Version): Promise<void> {
  const { stage, api } = play;
  stage.open('Start last pushed commit: version 1 again, from the same instance');
  const before = await awaitApp(api, APP, (app) => app.previous?.standing === 'asleep', ASLEEP_MS);
  const { previous } = before;
  stage.check(
    'version 1 is asleep, in no pool, without CPU',
    previous?.standing === 'asleep' && previous.commit.commit === version.commit,
    previous?.standing,
  );
  const { sighting, ms } = await pressButton(play);
  stage.check('version 1 answers', sighting !== null);
  if (sighting !== null) stage.time('from the request to the first answer of version 1', ms);
  const same = sighting?.home.startedAt === version.startedAt;
  stage.check('the process that answers started in scene 1', same, sighting?.home.startedAt ?? 'no answer');
  const after = await fetchApp(play);
  const instances = instancesOf(livePool(after));
  const isSame = instances.join() === version.instances.join();
  stage.check('the platform names the same instance with the same start time', isSame, instances.join(', '));
  stage.check('the platform says that version 1 is live', after.live?.commit.commit === version.commit);
}

async function pressButton(play: Play): Promise<{ sighting: Sighting | null; ms: number }> {
  const { stage, io, door } = play;
  stage.command('teal start-last-pushed-commit');
  const quoted = {
    write: (text: string) => {
      for (const line of text.trimEnd().split('\n')) stage.quote(line);
    },
  };
  const startMs = performance.now();
  const call = makeCall({ ...io, stdout: quoted, stderr: quoted }, [APP], { wait: true });
  const { sighting } = await watchWhile(door, '1', () => startLastPushedCommit(call));
  return { sighting, ms: (sighting?.at ?? startMs) - startMs };
}
