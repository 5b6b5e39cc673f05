/** `teal tokens`: create, list and revoke API tokens. */
import type { TokenView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { cleanWord } from '../output/clean.ts';
import { CommandError } from '../output/exit.ts';
import { ago } from '../output/moment.ts';
import { chosenOrganisation } from './orgs.ts';

export async function createToken(call: Call): Promise<void> {
  const api = await connect(call.io);
  const { scope, app, org, expires } = call.options;
  const path = org === undefined ? paths.tokens() : paths.organisationTokens((await chosenOrganisation(api, org)).id);
  const limits = {
    ...(scope === undefined ? {} : { scope }),
    ...(app === undefined ? {} : { app }),
    ...(expires === undefined ? {} : { expiresInDays: expires }),
  };
  const created = await api.post<{ token: TokenView; secret: string }>(path, { name: call.words[0], ...limits });
  call.data(created);
  call.say(cleanWord(created.secret));
  call.note('It is shown this once. "teal login" keeps it for this command, git takes it as the password.');
}

export async function listTokens(call: Call): Promise<void> {
  const { tokens } = await fetchTokens(call);
  call.data({ tokens });
  const nowMs = Date.now();
  call.rows(
    tokens.map((token) => [
      cleanWord(token.id),
      call.paint.bold(cleanWord(token.name)),
      `${cleanWord(token.prefix)}…`,
      token.app === null ? cleanWord(token.scope) : `${cleanWord(token.scope)}, ${cleanWord(token.app.name)} only`,
      expiry(token, nowMs),
      `created ${ago(token.createdAt, nowMs)}`,
      token.lastUsedAt === null ? 'never used' : `used ${ago(token.lastUsedAt, nowMs)}`,
    ]),
  );
}

function expiry({ expiresAt }: TokenView, nowMs: number): string {
  if (expiresAt === null) return '';
  return `${Date.parse(expiresAt) <= nowMs ? 'expired' : 'until'} ${cleanWord(expiresAt).slice(0, 10)}`;
}

export async function revokeToken(call: Call): Promise<void> {
  const word = call.words[0] ?? '';
  const { tokens, api, organisation } = await fetchTokens(call);
  const found = tokens.filter((token) => [token.id, token.prefix, token.name].includes(word));
  const token = found[0];
  if (token === undefined)
    throw new CommandError('notFound', 'not_found', `There is no token "${word}". "teal tokens list" shows yours.`);
  if (found.length > 1)
    throw new CommandError('conflict', 'token_ambiguous', `Several tokens are called "${word}". Give the id.`);
  await api.delete(organisation === null ? paths.token(token.id) : paths.organisationToken(organisation.id, token.id));
  call.data({ revoked: token });
  call.say(`${call.paint.green('✔')} revoked ${cleanWord(token.name)}`);
}

async function fetchTokens(call: Call) {
  const api = await connect(call.io);
  const { org } = call.options;
  const organisation = org === undefined ? null : await chosenOrganisation(api, org);
  const path = organisation === null ? paths.tokens() : paths.organisationTokens(organisation.id);
  const { tokens } = await api.get<{ tokens: TokenView[] }>(path);
  return { api, tokens, organisation };
}
