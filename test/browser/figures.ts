/** `npm run console-figures`: what the first load transfers, how soon a line is on the screen, how fast a long log opens. */
import type { AppView, DeploymentView } from '@teal/contracts';
import { TestPlatform } from '../e2e/platform.ts';
import { Repository } from '../e2e/repository.ts';
import { openBrowser } from './browser.ts';
import { ConsolePage } from './console.ts';
import { visit } from './pages.ts';
import { watchScripts } from './transfer.ts';

const LINES = 100_000;
const ROUNDS = 20;

const json = (value: unknown) => `${JSON.stringify(value)}\n`;

/** Its build writes the long log; its instances write the moment of a line at every request. */
const SOURCE = {
  'package.json': json({
    name: 'talker',
    version: '1.0.0',
    private: true,
    scripts: {
      build: `node -e "for (let i = 0; i < ${LINES}; i += 1) console.log('line ' + i + ' of a long build')"`,
      start: 'node server.js',
    },
  }),
  'package-lock.json': json({ name: 'talker', version: '1.0.0', lockfileVersion: 3, requires: true, packages: {} }),
  'server.js': `require('node:http').createServer((request, response) => {
    if (request.url === '/speak') console.log('spoken ' + Date.now());
    response.end('ok');
  }).listen(process.env.PORT);`,
};

const median = (values: readonly number[]) => [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)] ?? 0;
const say = (line: string) => process.stdout.write(`${line}\n`);

const platform = await TestPlatform.start({ engine: 'process' });
const browser = await openBrowser();
let repository: Repository | null = null;
try {
  await platform.createApp('talker');
  repository = await Repository.create(platform.gitUrl('talker'));
  await repository.commit('Talk', SOURCE);
  await repository.push();
  const app = (await platform.app('talker')) satisfies AppView;
  const deployment = app.lastDeployment satisfies DeploymentView | null;
  if (app.state !== 'live' || deployment === null) throw new Error('the app is not live');
  const teal = new ConsolePage(await browser.open('about:blank'));
  const scripts = await watchScripts(teal.page);
  await teal.page.goto(platform.consoleUrl);
  await teal.signIn(platform.token);
  await teal.page.getByRole('list', { name: 'Apps' }).waitFor();
  say(`first load: ${(scripts.bytes() / 1_000).toFixed(1)} kB of compressed script for sign-in and the list of apps`);
  await measureLines(teal);
  await measureLongLog(teal, deployment);
} finally {
  await browser.close();
  await repository?.remove();
  await platform.destroy();
}
process.exit(0);

/** From the moment the instance wrote a line to the frame after it stands on the page; both clocks are this machine's. */
async function measureLines(teal: ConsolePage): Promise<void> {
  await visit(teal, { path: '/apps/talker/logs', heading: 'Logs' });
  await teal.shows(teal.page.getByRole('status', { name: 'Log state' }), 'live');
  const delays: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const seen = teal.page.evaluate(
      (count) =>
        new Promise<number>((resolve) => {
          const page = globalThis as unknown as {
            document: { body: { textContent: string } };
            requestAnimationFrame(call: () => void): void;
          };
          const look = () => {
            const spoken = page.document.body.textContent.match(/spoken \d{13}/g) ?? [];
            if (spoken.length <= count) return page.requestAnimationFrame(look);
            page.requestAnimationFrame(() => resolve(Date.now() - Number(spoken.at(-1)?.slice(7))));
          };
          look();
        }),
      round,
    );
    await platform.get('talker', '/speak');
    delays.push(await seen);
  }
  say(
    `a line on the screen after the instance wrote it: median ${median(delays)} ms, most ${Math.max(...delays)} ms (${ROUNDS})`,
  );
}

/** From the click on the deployment to its last line on the page. */
async function measureLongLog(teal: ConsolePage, { id }: DeploymentView): Promise<void> {
  const times: number[] = [];
  for (let round = 0; round < 5; round += 1) {
    await visit(teal, { path: '/apps/talker/deployments', heading: 'Deployments' });
    const begunMs = performance.now();
    await teal.page.locator(`a[href$="${id}"]`).first().click();
    await teal.shows(teal.page.getByRole('status', { name: 'Log state' }), 'complete');
    await teal.page.getByRole('log', { name: 'Log lines' }).getByText(/./).first().waitFor();
    times.push(performance.now() - begunMs);
  }
  say(
    `a finished log of ${LINES.toLocaleString('en')} lines opens: median ${Math.round(median(times))} ms, most ${Math.round(Math.max(...times))} ms (5)`,
  );
}
