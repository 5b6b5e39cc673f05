/** `npm run screenshots`: pictures of every page of the console, light and dark, into docs/screenshots. */
import { spawnSync } from 'node:child_process';
import { mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT_DIR, TestPlatform } from '../e2e/platform.ts';
import { openBrowser } from './browser.ts';
import { ConsolePage } from './console.ts';
import { openFailure, PAGES, visit } from './pages.ts';
import { Scenery } from './scenery.ts';

const FOLDER = join(ROOT_DIR, 'docs', 'screenshots');
const DESKTOP = { width: 1280, height: 860 };
const PHONE = { width: 390, height: 844 };
/** Pages that are worth a look on a phone, too. */
const ON_PHONE = new Set(['apps', 'overview', 'members']);

const platform = await TestPlatform.start({ engine: 'process', timing: { usageEveryMs: 1_000 } });
const scenery = new Scenery(platform);
const browser = await openBrowser();
try {
  await rm(FOLDER, { recursive: true, force: true });
  await mkdir(FOLDER, { recursive: true });
  await scenery.raise();
  const teal = new ConsolePage(await browser.open(platform.consoleUrl));
  const shot = (name: string) =>
    teal.page.screenshot({
      path: join(FOLDER, `${name}.png`),
      animations: 'disabled',
      // its charts stand one below the other
      fullPage: name.startsWith('metrics'),
    });
  await teal.page.setViewportSize(DESKTOP);
  await teal.heading('Sign in').waitFor();
  await shot('sign-in');
  await teal.signIn(platform.token);
  await teal.heading('Apps').waitFor();
  for (const colorScheme of ['light', 'dark'] as const) {
    await teal.page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
    for (const stop of PAGES) {
      await visit(teal, stop);
      await shot(`${stop.name}-${colorScheme}`);
    }
    await openFailure(teal, 'shop');
    await shot(`deployment-${colorScheme}`);
  }
  await teal.page.setViewportSize(PHONE);
  for (const stop of PAGES.filter(({ name }) => ON_PHONE.has(name))) {
    await visit(teal, stop);
    await shot(`${stop.name}-phone`);
  }
  await shrink();
  process.stdout.write(`pictures of every page are in ${FOLDER}\n`);
} finally {
  await browser.close();
  await scenery.remove();
  await platform.destroy();
}
process.exit(0);

/** A page has few colours: with 64 of them a picture weighs a third. Without pngquant (Debian has it) they stay as they are. */
async function shrink(): Promise<void> {
  const pictures = (await readdir(FOLDER)).map((name) => join(FOLDER, name));
  const argv = [
    '--force',
    '--ext',
    '.png',
    '--skip-if-larger',
    '--strip',
    '--nofs',
    '--speed',
    '1',
    '64',
    '--',
    ...pictures,
  ];
  const { status, error } = spawnSync('pngquant', argv, { stdio: ['ignore', 'inherit', 'inherit'] });
  if (error !== undefined) process.stdout.write('pngquant is missing: the pictures are larger than they need be\n');
  // 98: one was smaller before
  else if (status !== 0 && status !== 98) throw new Error(`pngquant ended with ${status}`);
}
