/** Part "router": plain HAProxy, nginx, Caddy and Teal's routers side by side on one core, and Teal's with many apps. */
import { availableParallelism } from 'node:os';
import { prepareHost } from '@teal/host';
import { type ManyAppsFigures, measureManyApps } from './manyapps.ts';
import { pin } from './processes.ts';
import { type Contender, ORIGIN, PLAIN, startPlain } from './proxies.ts';
import { drive, type Slice } from './proxyload.ts';
import { median } from './statistics.ts';
import { startEmbedded, startTeal } from './tealRouters.ts';
import type { Work } from './work.ts';

/** Core of the proxies; the origin, the load and a supervisor share another. */
const PROXY_CORE = 1;
const OTHER_CORE = 0;

export interface ProxyFigures {
  name: string;
  cpu_us: number;
  helper_us: number;
  /** Medians over the rounds of the ratio within a round. */
  vs_haproxy: number;
  vs_caddy: number;
}

export interface RouterFigures extends ManyAppsFigures {
  rounds: number;
  proxies: readonly ProxyFigures[];
  router_cpu_vs_haproxy: number;
  router_cpu_vs_caddy: number;
}

export async function measureRouter(work: Omit<Work, 'platform' | 'files'>): Promise<RouterFigures> {
  if (availableParallelism() < 2)
    throw new Error('The router part needs two cores: one for the proxy, one for the load.');
  const { missing } = await prepareHost({
    want: ['haproxy', 'nginx', 'caddy', 'wrk'],
    install: true,
    say: work.say,
    environment: process.env,
  });
  if (missing.length > 0) throw new Error(missing.map(({ sentence }) => sentence).join('\n'));
  const origin = await startPlain(ORIGIN, 0);
  work.defer(origin.close);
  pin(origin.pid, OTHER_CORE);
  const proxies = await measureProxies(work, origin.port);
  const many = await measureManyApps({ host: '127.0.0.1', port: origin.port }, work);
  const teal = proxies.find(({ name }) => name === 'HAProxy, Teal');
  return {
    rounds: work.options.rounds,
    proxies,
    router_cpu_vs_haproxy: teal?.vs_haproxy ?? Number.NaN,
    router_cpu_vs_caddy: teal?.vs_caddy ?? Number.NaN,
    ...many,
  };
}

async function measureProxies({ options, say, defer, signal }: Omit<Work, 'platform' | 'files'>, originPort: number) {
  const proxies: Contender[] = [];
  const starts = [
    ...PLAIN.map((recipe) => () => startPlain(recipe, originPort)),
    () => startTeal(originPort),
    () => startEmbedded(originPort),
  ];
  for (const start of starts) {
    const proxy = await start();
    defer(proxy.close);
    pin(proxy.pid, PROXY_CORE);
    if (proxy.helperPid !== null) pin(proxy.helperPid, OTHER_CORE);
    proxies.push(proxy);
  }
  const slices = new Map<string, Slice[]>(proxies.map(({ name }) => [name, []]));
  for (const proxy of proxies) await drive(proxy, { core: OTHER_CORE, seconds: 1 });
  for (let round = 0; round < options.rounds; round += 1) {
    say(`round ${round + 1} of ${options.rounds}`);
    for (const proxy of round % 2 === 0 ? proxies : proxies.toReversed()) {
      signal.throwIfAborted();
      slices.get(proxy.name)?.push(await drive(proxy, { core: OTHER_CORE, seconds: options.seconds }));
    }
  }
  return proxies.map(({ name }) => figuresOf(name, slices));
}

function figuresOf(name: string, slices: ReadonlyMap<string, readonly Slice[]>): ProxyFigures {
  const own = slices.get(name) ?? [];
  const against = (other: string) =>
    median(own.map(({ cpuUs }, round) => cpuUs / (slices.get(other)?.[round]?.cpuUs ?? Number.NaN)));
  return {
    name,
    cpu_us: median(own.map(({ cpuUs }) => cpuUs)),
    helper_us: median(own.map(({ helperUs }) => helperUs)),
    vs_haproxy: against('HAProxy, plain'),
    vs_caddy: against('Caddy'),
  };
}
