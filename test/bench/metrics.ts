/** Part "metrics": how long a scrape takes with 10,000 apps on both colours, and how long it holds others up. */
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { get } from 'node:http';
import { fileURLToPath } from 'node:url';
import { median } from './statistics.ts';
import type { Work } from './work.ts';

const APPS = 10_000;
const SCRAPES = 15;
/** Of Node's compiler, not of the figures. */
const UNCOUNTED = 3;

export interface MetricsFigures {
  metrics_10k_apps_ms: number;
  metrics_10k_apps_mib: number;
  /** CPU time of the server. */
  metrics_cpu_ms: number;
  /** The longest that anything else had to wait for its turn, of all scrapes. */
  metrics_stall_ms: number;
}

export async function measureMetrics({ say, defer, signal }: Pick<Work, 'say' | 'defer' | 'signal'>) {
  const main = fileURLToPath(new URL('./metrics-main.ts', import.meta.url));
  const child = fork(main, [String(APPS)]);
  defer(async () => void child.kill());
  const [{ port }] = (await once(child, 'message')) as [{ port: number }];
  const took: number[] = [];
  const cpu: number[] = [];
  let stallMs = 0;
  let bytes = 0;
  for (let nth = 0; nth < SCRAPES + UNCOUNTED; nth += 1) {
    signal.throwIfAborted();
    await ask(child, 'begin');
    const beganAt = performance.now();
    bytes = await scrape(port);
    const ms = performance.now() - beganAt;
    const told = await ask(child, 'end');
    if (nth < UNCOUNTED) continue;
    took.push(ms);
    cpu.push(told.cpuMs);
    stallMs = Math.max(stallMs, told.stallMs);
  }
  say(took.map((ms) => ms.toFixed(0)).join(' '));
  const figures: MetricsFigures = {
    metrics_10k_apps_ms: median(took),
    metrics_10k_apps_mib: bytes / 1024 ** 2,
    metrics_cpu_ms: median(cpu),
    metrics_stall_ms: stallMs,
  };
  return figures;
}

async function ask(child: ChildProcess, word: string): Promise<{ stallMs: number; cpuMs: number }> {
  child.send(word);
  const [answer] = await once(child, 'message');
  return answer;
}

/** Reads all, keeps nothing. */
function scrape(port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    get({ host: '127.0.0.1', port, path: '/metrics' }, (answer) => {
      let bytes = 0;
      answer.on('data', (chunk: Buffer) => {
        bytes += chunk.length;
      });
      answer.once('error', reject);
      answer.once('end', () => resolve(bytes));
    }).once('error', reject);
  });
}
