/** Scene 2: a second version replaces the first while requests go on all the time, and none is lost. */

import { duration } from '../../output/moment.ts';
import { writeVersion } from '../hello.ts';
import { Load, type LoadReport } from '../load.ts';
import { fetchApp, instancesOf, livePool, type Play, push, type Version } from '../play.ts';
import { lookAt } from '../watch.ts';

const SETTLE_MS = 30_000;

/** Resolves with version 2 as it went live, or null when it did not. */
export async function secondPush(play: Play): Promise<Version | null> {
  const { stage, door, repository } = play;
  stage.open('a second version, under load: no request is lost');
  await writeVersion(repository, '2');
  const commit = await repository.commit('Say hello again');
  const load = new Load(door);
  let flippedMs: number | null = null;
  let report: LoadReport;
  try {
    await load.settledOn('1', SETTLE_MS);
    stage.tell(`   ${load.clients} connections are asking all the time: short GETs, 2 s streams, slow POSTs`);
    const pushed = await push(play);
    await load
      .settledOn('2', SETTLE_MS)
      .catch((error: Error) => stage.check('version 2 took all the traffic', false, error.message));
    const seenAt = load.firstSeenAt('2');
    flippedMs = seenAt === null ? null : seenAt - pushed.startedAt;
    await killTeal(play, load);
  } finally {
    report = await load.stop('2');
  }
  checkReport(play, report);
  if (flippedMs === null) return null;
  stage.time('from git push to the first answer of version 2', flippedMs);
  const app = await fetchApp(play);
  stage.check('the platform says that this commit is live', app.live?.commit.commit === commit);
  const { home } = await lookAt(door);
  return { commit, instances: instancesOf(livePool(app)), startedAt: home.startedAt };
}

/** HAProxy is a process of its own: where it routes, Teal's death is nothing that a visitor could see. */
async function killTeal({ stage, crash }: Play, load: Load): Promise<void> {
  if (crash === null) return;
  stage.command('kill -9 $(pidof teal) && teal up');
  const before = load.requests;
  const startMs = performance.now();
  await crash();
  const answered = load.requests - before;
  stage.check(
    'HAProxy went on answering while Teal was dead',
    answered > 0,
    `${answered} requests until Teal was back after ${duration(performance.now() - startMs)}`,
  );
}

function checkReport(play: Play, report: LoadReport): void {
  const { stage } = play;
  const { byVersion, failures, requests, acrossTheFlip } = report;
  const [one, two] = [byVersion.get('1') ?? 0, byVersion.get('2') ?? 0];
  stage.check(
    'both versions were seen, and no other',
    one > 0 && two > 0 && byVersion.size === 2,
    `${one} answers of version 1, ${two} of version 2`,
  );
  stage.check(
    'requests slower than the flip ended well',
    acrossTheFlip > 0,
    `${acrossTheFlip} of version 1 ended after the first answer of version 2`,
  );
  const [first] = failures;
  const count = `${requests} requests over ${report.clients} kept-alive clients, ${failures.length} failed, no retries`;
  stage.check(
    '0 requests failed',
    failures.length === 0,
    first === undefined ? count : `${count}; the first: ${first}`,
  );
}
