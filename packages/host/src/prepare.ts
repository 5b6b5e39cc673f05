/** Brings the machine to where Teal can use it, saying each thing it does in one line; what it cannot do it reports. */
import { type Accounts, ensureAccounts } from './account.ts';
import { installPackages } from './apt.ts';
import { type DockerReport, dockerSocket, ensureDocker, pingDocker } from './docker.ts';
import { commandEnvironment, findExecutable, type HostEnvironment } from './run.ts';
import { describeMissing, FACTS, type Missing, missingWants, type Want, whyNotInstall } from './want.ts';

export interface PrepareOptions {
  want: readonly Want[];
  /** False: installs no package and starts no daemon. */
  install: boolean;
  /** Takes one line for people per thing done or missing. */
  say: (line: string) => void;
  /** The caller's environment: PATH, proxies, DOCKER_HOST. Empty when left out. */
  environment?: HostEnvironment;
}

export interface HostReport {
  docker: DockerReport;
  missing: readonly Missing[];
  /** Users that apps and PostgreSQL run as; null without root: then one user owns everything. */
  accounts: Accounts | null;
}

async function bringMissing(options: PrepareOptions, source: HostEnvironment, isRoot: boolean): Promise<Missing[]> {
  const dockerAnswers = options.want.includes('docker') && (await pingDocker(dockerSocket(source))) === null;
  const has = (executable: string) => findExecutable(executable, source) !== null;
  const lacking = missingWants(
    options.want.filter((want) => want !== 'docker' || !dockerAnswers),
    has,
  );
  if (lacking.length === 0) return [];
  const apt = findExecutable('apt-get', source);
  const why = whyNotInstall({ install: options.install, isRoot, hasApt: apt !== null });
  if (why !== null || apt === null) return lacking.map((want) => describeMissing(want, why ?? ''));
  for (const want of lacking) options.say(`installing ${FACTS[want].name} (${FACTS[want].packages.join(', ')}) …`);
  const tool = { file: apt, environment: commandEnvironment(source), say: options.say };
  const outcomes = await installPackages(
    tool,
    lacking.map((want) => FACTS[want].packages),
  );
  return lacking.flatMap((want, at) => {
    const failure = outcomes[at] ?? null;
    return failure === null ? [] : [describeMissing(want, `apt-get: ${failure}`)];
  });
}

/** Does nothing that is done already; a second call takes milliseconds. Never throws for what is merely missing. */
export async function prepareHost(options: PrepareOptions): Promise<HostReport> {
  const source = options.environment ?? {};
  const environment = commandEnvironment(source);
  const isRoot = process.getuid?.() === 0;
  const missing = await bringMissing(options, source, isRoot);
  for (const { sentence } of missing) options.say(sentence);
  const docker: DockerReport = options.want.includes('docker')
    ? await ensureDocker({ isRoot, mayStart: options.install, source, environment, say: options.say })
    : { available: false, socketPath: dockerSocket(source), startedByUs: false, why: 'nobody asked for Docker' };
  const told = missing.some(({ want }) => want === 'docker');
  if (options.want.includes('docker') && !docker.available && !told) {
    options.say(`Docker is not available: ${docker.why}. Without it ${FACTS.docker.without}.`);
  }
  return { docker, missing, accounts: await ensureAccounts(isRoot, source, environment) };
}
