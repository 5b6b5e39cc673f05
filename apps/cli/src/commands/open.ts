/** `teal open`: prints an app's address and opens it in a browser where there is a display. */
import { spawn } from 'node:child_process';
import type { AppView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanWord } from '../output/clean.ts';

export async function open(call: Call): Promise<void> {
  const api = await connect(call.io);
  const app = await api.get<AppView>(paths.app(await resolveApp(call, api.server, call.words[0])));
  call.data({ url: app.url });
  call.say(cleanWord(app.url));
  const { DISPLAY, WAYLAND_DISPLAY } = call.io.env;
  // The address comes from the server: only a web address may reach the desktop's opener.
  if (!call.json && (DISPLAY || WAYLAND_DISPLAY) && /^https?:\/\//.test(app.url)) openBrowser(call, app.url);
}

function openBrowser(call: Call, url: string): void {
  const child = spawn('xdg-open', [new URL(url).href], {
    stdio: 'ignore',
    detached: true,
    env: call.io.env as NodeJS.ProcessEnv,
  });
  child.on('error', () => call.note('xdg-open is missing: open the address yourself.'));
  child.unref();
}
