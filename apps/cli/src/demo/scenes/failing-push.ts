/** Scenes 3 and 4: a push that fails tells why at the push client and by e-mail, and the live version goes on. */
import type { DeploymentView } from '@teal/contracts';
import { duration } from '../../output/moment.ts';
import { shortCommit } from '../../output/view.ts';
import { breakBuild, breakHome, writeVersion } from '../hello.ts';
import {
  deploymentOf,
  fetchApp,
  instancesOf,
  livePool,
  type Play,
  push,
  showFailureMail,
  type Version,
} from '../play.ts';
import type { Pushed, Repository } from '../repository.ts';
import { lookAt } from '../watch.ts';

interface Failing {
  title: string;
  message: string;
  edit(repository: Repository): Promise<void>;
  phase: string;
  /** What the push client must be told. */
  told: { name: string; pattern: RegExp };
}

const BAD_ANSWER: Failing = {
  title: 'a version that answers 500 never gets the traffic',
  message: 'Count the visits',
  edit: async (repository) => {
    await writeVersion(repository, '3');
    await breakHome(repository);
  },
  phase: 'probing',
  told: { name: 'the push client is told that / answered 500', pattern: /^remote:.*\b500\b/ },
};

const BROKEN_BUILD: Failing = {
  title: 'a version whose build breaks never starts',
  message: 'Check the source at build time',
  edit: async (repository) => {
    // The last commit does not work: as a person would, begin from the one that does.
    await repository.git('revert', '--no-edit', 'HEAD');
    await writeVersion(repository, '4');
    await breakBuild(repository);
  },
  phase: 'building',
  told: { name: 'the push client is told what broke the build', pattern: /^remote:.*SyntaxError/ },
};

export function badAnswer(play: Play, live: Version): Promise<void> {
  return failingPush(play, live, BAD_ANSWER);
}

export function brokenBuild(play: Play, live: Version): Promise<void> {
  return failingPush(play, live, BROKEN_BUILD);
}

async function failingPush(play: Play, live: Version, failing: Failing): Promise<void> {
  const { stage, repository } = play;
  stage.open(failing.title);
  await failing.edit(repository);
  const commit = await repository.commit(failing.message);
  const pushed = await push(play);
  stage.time('from git push to the verdict', pushed.endedAt - pushed.startedAt);
  const deployment = await deploymentOf(play, commit);
  checkVerdict(play, { failing, pushed, deployment });
  await checkStillLive(play, live);
  if (deployment !== null) await showFailureMail(play, deployment);
}

function checkVerdict(play: Play, seen: { failing: Failing; pushed: Pushed; deployment: DeploymentView | null }): void {
  const { stage } = play;
  const { failing, pushed, deployment } = seen;
  const { name, pattern } = failing.told;
  stage.check(
    name,
    pushed.lines.some((line) => pattern.test(line)),
  );
  const isRight = deployment?.state === 'failed' && deployment.failure?.phase === failing.phase;
  const found = `${deployment?.state ?? 'no deployment'} ${deployment?.failure?.phase ?? ''}`.trim();
  stage.check(`the deployment failed while ${failing.phase}`, isRight, isRight ? '' : found);
}

async function checkStillLive(play: Play, live: Version): Promise<void> {
  const { stage, door } = play;
  const startMs = performance.now();
  const { home } = await lookAt(door);
  const isSame = home.version === '2' && home.startedAt === live.startedAt;
  stage.check(
    'version 2 still answers, never restarted',
    isSame,
    isSame ? `in ${duration(performance.now() - startMs)}` : `version ${home.version}`,
  );
  const app = await fetchApp(play);
  const isUntouched =
    app.live?.commit.commit === live.commit && instancesOf(livePool(app)).join() === live.instances.join();
  stage.check(`the platform says that ${shortCommit(live.commit)} is live, in the same instances`, isUntouched);
}
