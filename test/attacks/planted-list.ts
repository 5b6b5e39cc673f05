/** For each group of the attack list, a fault that its tests must notice. */
import type { Fault } from '../planted/fault.ts';

export interface PlantedFault extends Fault {
  /** As in docs/security.md. */
  cases: string;
  /** The test file that must turn red. */
  test: string;
}

export const PLANTED: readonly PlantedFault[] = [
  {
    name: 'git: anybody is served',
    cases: '1–19',
    file: 'git/src/remote/remote.ts',
    from: 'if (principal === null) throw',
    to: 'if (false) throw',
    test: 'packages/git/test/guard.test.ts',
  },
  {
    name: 'API: every organisation is within reach',
    cases: '20, 21',
    file: 'store/src/reach.ts',
    from: 'const membership = onlyApp === null ? roles.get(id) : undefined;',
    to: "const membership = roles.get(id) ?? { organisationId: id, organisationName: 'x', role: 'admin' as const };",
    test: 'test/attacks/tenants.test.ts',
  },
  {
    name: 'console: escape sequences stay in logs',
    cases: '31–33',
    file: 'core/src/logline.ts',
    from: "(colours === undefined ? '' : sequence)",
    to: 'sequence',
    test: 'packages/core/test/logline.test.ts',
  },
  {
    name: 'builds: a stranger’s front end is taken',
    cases: '37–44',
    file: 'runtimes/src/docker/dockerfile.ts',
    from: 'if (!OFFICIAL.test(frontend)) return',
    to: 'if (false) return',
    test: 'packages/runtimes/test/docker-build.test.ts',
  },
  {
    name: 'builds: one cache for everybody',
    cases: '37–44',
    file: 'runtimes/src/docker/runbuild.ts',
    from: 'build.cacheScope === null ?',
    to: 'build.fresh || !build.fresh ?',
    test: 'packages/runtimes/test/docker-build.test.ts',
  },
  {
    name: 'instances: all capabilities',
    cases: '45–49',
    file: 'runtimes/src/docker/container.ts',
    from: "CapDrop: ['ALL'],",
    to: '',
    test: 'packages/runtimes/test/docker-instance.test.ts',
  },
  {
    name: 'router: the first of two hosts counts',
    cases: '50–56',
    file: 'router/src/embedded/screen.ts',
    from: 'if (read.hosts.length !== 1)',
    to: 'if (read.hosts.length < 1)',
    test: 'test/attacks/router.test.ts',
  },
  {
    name: 'mail: strangers write lines of their own',
    cases: '57–59',
    file: 'mailer/src/text.ts',
    from: "text.replace(/\\s+/g, ' ')",
    to: 'text',
    test: 'packages/mailer/test/mailbox.test.ts',
  },
  {
    name: 'faults: no look at the room before a push',
    cases: '60, 61',
    file: 'core/src/room.ts',
    from: 'room.freeBytes < reserveBytes(room, purpose)',
    to: 'false',
    test: 'test/attacks/full-disk.test.ts',
  },
];

/** The one that TEAL_PLANTED names, if any. */
export function plantedFault(environment: NodeJS.ProcessEnv): PlantedFault | undefined {
  return PLANTED.find(({ name }) => name === environment.TEAL_PLANTED);
}
