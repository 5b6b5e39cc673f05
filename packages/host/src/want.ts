/** What Teal may want from the system: how to tell that it is there, which packages bring it, what its lack means. */

export const WANTS = [
  'docker',
  'mmdebstrap',
  'chromium',
  'redis',
  'haproxy',
  'python',
  'compose',
  'nginx',
  'caddy',
  'wrk',
] as const;
export type Want = (typeof WANTS)[number];

interface Facts {
  /** Any of these executables tells that it is installed. A `docker` client tells nothing about an engine. */
  executables: readonly string[];
  packages: readonly string[];
  name: string;
  /** What goes without it; completes "without it …". */
  without: string;
}

export const FACTS: Readonly<Record<Want, Facts>> = {
  docker: {
    executables: ['dockerd'],
    packages: ['docker.io'],
    name: 'Docker Engine',
    without: 'apps run as plain processes of this machine, with no isolation between them',
  },
  mmdebstrap: {
    executables: ['mmdebstrap'],
    packages: ['mmdebstrap', 'ca-certificates'],
    name: 'mmdebstrap',
    without: 'base images can only come from a registry',
  },
  chromium: {
    executables: ['chromium', 'chromium-browser', 'google-chrome'],
    packages: ['chromium'],
    name: 'Chromium',
    without: 'the console cannot be tested in a browser',
  },
  redis: {
    executables: ['redis-server'],
    packages: ['redis-server'],
    name: 'Redis',
    without: 'the queue cannot be tested on Redis',
  },
  haproxy: {
    executables: ['haproxy'],
    packages: ['haproxy'],
    name: 'HAProxy',
    without: 'the embedded router serves',
  },
  python: {
    executables: ['python3'],
    packages: ['python3', 'python3-venv'],
    name: 'Python',
    without: 'Python apps cannot run on the process engine',
  },
  compose: {
    executables: ['docker-compose'],
    packages: ['docker-compose'],
    name: 'Docker Compose',
    without: 'docker-compose.yml cannot be tested',
  },
  nginx: {
    executables: ['nginx'],
    packages: ['nginx-light'],
    name: 'nginx',
    without: 'the benchmark has no origin',
  },
  caddy: {
    executables: ['caddy'],
    packages: ['caddy'],
    name: 'Caddy',
    without: 'the benchmark cannot compare with it',
  },
  wrk: {
    executables: ['wrk'],
    packages: ['wrk'],
    name: 'wrk',
    without: 'the benchmark has no load',
  },
};

export interface Missing {
  want: Want;
  packages: readonly string[];
  /** One sentence: what is missing, what that means, what brings it. */
  sentence: string;
}

/** The wants none of whose executables `has` finds, in the order given, each once. */
export function missingWants(want: readonly Want[], has: (executable: string) => boolean): Want[] {
  return [...new Set(want)].filter((name) => !FACTS[name].executables.some(has));
}

/** Why nothing is installed although something is missing; null when it may be. */
export function whyNotInstall(facts: { install: boolean; isRoot: boolean; hasApt: boolean }): string | null {
  if (!facts.install) return 'nothing is installed because of --no-install';
  if (!facts.hasApt) return 'apt-get is not on this system';
  if (!facts.isRoot) return 'installing needs root';
  return null;
}

export function describeMissing(want: Want, why: string): Missing {
  const { name, packages, without } = FACTS[want];
  const sentence = `${name} is missing (${why}); without it ${without}. To have it: apt-get install ${packages.join(' ')}.`;
  return { want, packages, sentence };
}
