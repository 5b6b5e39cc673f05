/** `teal contexts`: the servers that `teal login` has kept, and which of them is meant. */
import { configPath, readConfig, writeConfig } from '../api/config.ts';
import { parseServerUrl } from '../api/server.ts';
import type { Call } from '../call.ts';
import { cleanWord } from '../output/clean.ts';
import { CommandError } from '../output/exit.ts';

export async function listContexts(call: Call): Promise<void> {
  const config = await readConfig(call.io);
  const urls = config === null ? [] : [config.url, ...(config.others ?? []).map(({ url }) => url)];
  call.data({ current: config?.url ?? null, contexts: urls });
  call.rows(urls.map((url) => [url === config?.url ? '*' : '', cleanWord(url)]));
}

export async function useContext(call: Call): Promise<void> {
  const url = parseServerUrl(call.words[0] ?? '', 'The URL').origin;
  const config = await readConfig(call.io);
  const kept = [config, ...(config?.others ?? [])].find((entry) => entry?.url === url);
  if (kept == null)
    throw new CommandError('notFound', 'context_not_found', `Nothing is kept for ${url}. "teal login ${url}" does.`);
  await writeConfig(call.io, { url, token: kept.token });
  call.data({ current: url, config: configPath(call.io) });
  call.say(`${call.paint.green('✔')} commands go to ${cleanWord(url)} now`);
}
