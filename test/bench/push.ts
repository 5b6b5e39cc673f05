/** Part "push": from `git push` to the first answer, against the bare Engine API, in alternating pairs. */
import { BareEngine, type BareTimes } from './engine.ts';
import { rest } from './rest.ts';
import { median, quantile } from './statistics.ts';
import { createSubject, type PushTimes, pushVersion, type Subject, type Work } from './work.ts';

/** Not counted: they fill the caches of both sides. */
const WARM_UP_PAIRS = 2;

export interface PushFigures {
  pairs: number;
  push_to_live_ratio: number;
  push_to_live_ms: number;
  push_to_live_p95_ms: number;
  push_end_ms: number;
  bare_ms: number;
  bare: BareTimes;
}

export async function measurePushes(work: Work): Promise<PushFigures> {
  const subject = await createSubject(work, 'bench-push');
  const bare = new BareEngine(work.files);
  work.defer(() => bare.clean());
  const pushes: PushTimes[] = [];
  const bares: BareTimes[] = [];
  for (let pair = 1 - WARM_UP_PAIRS; pair <= work.options.pairs; pair += 1) {
    const [pushed, bareTimes] = await measurePair(work, { subject, bare, pair });
    if (pair <= 0) continue;
    pushes.push(pushed);
    bares.push(bareTimes);
    work.say(`pair ${pair}: push ${Math.round(pushed.liveMs)} ms, bare engine ${Math.round(bareTimes.totalMs)} ms`);
  }
  return figures(pushes, bares);
}

/** The order changes from pair to pair, so that neither side always comes after the other. */
async function measurePair(
  work: Work,
  { subject, bare, pair }: { subject: Subject; bare: BareEngine; pair: number },
): Promise<[PushTimes, BareTimes]> {
  const label = `${pair < 0 ? 'w' : ''}${Math.abs(pair)}`;
  // Different texts on the two sides: neither finds the other's layers in the cache.
  const push = async () => {
    await rest(work.platform, subject.name);
    return pushVersion(work, subject, `${label}p`);
  };
  const deploy = async () => {
    await rest(work.platform, subject.name);
    return bare.deploy(`${label}e`, work.signal);
  };
  if (pair % 2 === 0) {
    const pushed = await push();
    return [pushed, await deploy()];
  }
  const deployed = await deploy();
  return [await push(), deployed];
}

function figures(pushes: readonly PushTimes[], bares: readonly BareTimes[]): PushFigures {
  const lives = pushes.map(({ liveMs }) => liveMs);
  const bareMs = median(bares.map(({ totalMs }) => totalMs));
  const part = (name: keyof BareTimes) => median(bares.map((times) => times[name]));
  return {
    pairs: pushes.length,
    push_to_live_ratio: median(lives) / bareMs,
    push_to_live_ms: median(lives),
    push_to_live_p95_ms: quantile(lives, 0.95),
    push_end_ms: median(pushes.map(({ pushMs }) => pushMs)),
    bare_ms: bareMs,
    bare: {
      buildMs: part('buildMs'),
      createMs: part('createMs'),
      startMs: part('startMs'),
      answerMs: part('answerMs'),
      totalMs: bareMs,
    },
  };
}
