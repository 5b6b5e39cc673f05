/** `teal login`: checks a token and keeps it for this command and for git. */
import { join } from 'node:path';
import type { Me } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { Api } from '../api/client.ts';
import { configPath, readConfig, writeConfig } from '../api/config.ts';
import { checkToken, DEFAULT_URL, parseServerUrl } from '../api/server.ts';
import type { Call } from '../call.ts';
import { shellWord } from '../git/repository.ts';
import { cleanWord } from '../output/clean.ts';
import { usageError } from '../output/exit.ts';
import { ROOT } from '../root.ts';
import { ask, readPiped } from './ask.ts';

export async function login(call: Call): Promise<void> {
  const { io } = call;
  // A damaged file must not keep its owner from writing a new one.
  const kept = await readConfig(io).catch(() => null);
  const url = parseServerUrl(call.words[0] ?? (io.env.TEAL_URL || kept?.url || DEFAULT_URL), 'The URL');
  const token = checkToken(await readToken(call, url), 'What was given');
  const me = await new Api({ url, token }, io.signal).get<Me>(paths.me());
  await writeConfig(io, { url: url.origin, token });
  call.data({ url: url.origin, user: me.user, config: configPath(io) });
  call.say(`${call.paint.green('✔')} signed in at ${url.origin} as ${cleanWord(me.user.name)}`);
  call.say('');
  call.say('To let git use this token too:');
  const helper = `!${shellWord(join(ROOT, 'teal'))} credential`;
  call.say(`  git config --global credential.${url.origin}.helper ${shellWord(helper)}`);
}

async function readToken(call: Call, url: URL): Promise<string> {
  const { io } = call;
  if (io.env.TEAL_TOKEN) return io.env.TEAL_TOKEN;
  const token =
    io.stdin.isTTY === true
      ? await ask(io, { question: `Token for ${url.origin}: `, hidden: true })
      : await readPiped(io);
  if (token.trim() === '') throw usageError('no token was given. Type it, pipe it in, or set TEAL_TOKEN.');
  return token;
}
