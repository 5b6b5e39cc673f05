/** `teal domains`: an app's own host names. */
import type { DomainView } from '@teal/contracts';
import { paths } from '@teal/contracts/paths';
import { connect } from '../api/client.ts';
import type { Call } from '../call.ts';
import { resolveApp } from '../git/remote.ts';
import { cleanWord } from '../output/clean.ts';

interface Domains {
  domains: DomainView[];
}

export async function listDomains(call: Call): Promise<void> {
  const api = await connect(call.io);
  show(call, await api.get<Domains>(paths.domains(await resolveApp(call, api.server))));
}

export async function addDomain(call: Call): Promise<void> {
  const api = await connect(call.io);
  const body = { name: call.words[0], ...(call.options.primary === true ? { primary: true } : {}) };
  show(call, await api.post<Domains>(paths.domains(await resolveApp(call, api.server)), body));
}

export async function removeDomain(call: Call): Promise<void> {
  const name = call.words[0] ?? '';
  const api = await connect(call.io);
  await api.delete(paths.domain(await resolveApp(call, api.server), name));
  call.data({ removed: name });
  call.say(`${call.paint.green('✔')} removed ${cleanWord(name)}`);
}

function show(call: Call, { domains }: Domains): void {
  call.data({ domains });
  call.rows(
    domains.map((domain) => [
      call.paint.bold(cleanWord(domain.name)),
      domain.primary ? 'primary' : '',
      domain.default ? call.paint.dim('always there') : '',
    ]),
  );
}
