/** `teal login`: checks a token, or makes one by e-mail and password, and keeps it for this command and for git. */
import { join } from 'node:path';
import type { Me } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { Api } from '../api/client.ts';
import { configPath, readConfig, writeConfig } from '../api/config.ts';
import { checkToken, DEFAULT_URL, parseServerUrl } from '../api/server.ts';
import { tokenByPassword } from '../api/signIn.ts';
import type { Call } from '../call.ts';
import { shellWord } from '../git/repository.ts';
import { cleanWord } from '../output/clean.ts';
import { CommandError, usageError } from '../output/exit.ts';
import { ROOT } from '../root.ts';
import { ask, readPiped } from './ask.ts';

export async function login(call: Call): Promise<void> {
  const { io } = call;
  // A damaged file must not keep its owner from writing a new one.
  const kept = await readConfig(io).catch(() => null);
  const url = parseServerUrl(call.words[0] ?? (io.env.TEAL_URL || kept?.url || DEFAULT_URL), 'The URL');
  const { email } = call.options;
  const given = email === undefined ? await readToken(call, url) : await tokenOf(call, url, email);
  const token = checkToken(given, 'What was given');
  const me = await new Api({ url, token }, io.signal).get<Me>(paths.me());
  await writeConfig(io, { url: url.origin, token });
  call.data({ url: url.origin, user: me.user, config: configPath(io) });
  call.say(`${call.paint.green('✔')} signed in at ${url.origin} as ${cleanWord(me.user.name)}`);
  call.say('');
  call.say('To let git use this token too:');
  const helper = `!${shellWord(join(ROOT, 'teal'))} credential`;
  call.say(`  git config --global credential.${url.origin}.helper ${shellWord(helper)}`);
}

/** The password is read like a token, the code of a second factor only when it is asked for. */
async function tokenOf({ io }: Call, url: URL, email: string): Promise<string> {
  const isTerminal = io.stdin.isTTY === true;
  const typed = isTerminal ? await ask(io, { question: `Password of ${email}: `, hidden: true }) : await readPiped(io);
  const [password = '', piped] = typed.split('\n').map((line) => line.replace(/\r$/, ''));
  if (password === '')
    throw usageError('no password was given. Type it, or pipe it in; the code goes on a second line.');
  const code = piped?.trim() || undefined;
  try {
    return await tokenByPassword(url, { email, password, ...(code === undefined ? {} : { code }) }, io.signal);
  } catch (error) {
    const needsCode = error instanceof CommandError && error.code === 'second_factor_needed';
    if (!needsCode || !isTerminal) throw error;
    const asked = (await ask(io, { question: 'Code of your second factor: ' })).trim();
    return tokenByPassword(url, { email, password, code: asked }, io.signal);
  }
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
