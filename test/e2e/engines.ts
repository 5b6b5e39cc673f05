/** The engines and routers that end-to-end tests run on. What is missing is a failure where it is required, else left out. */
import { existsSync } from 'node:fs';
import { describe } from 'vitest';

const hasDocker = existsSync('/var/run/docker.sock') || process.env.TEAL_TEST_REQUIRE === 'docker';

export const ENGINES: readonly ('docker' | 'process')[] = hasDocker ? ['docker', 'process'] : ['process'];

const hasHaproxy = existsSync('/usr/sbin/haproxy') || process.env.TEAL_TEST_REQUIRE === 'docker';

export const ROUTERS: readonly ('haproxy' | 'embedded')[] = hasHaproxy ? ['haproxy', 'embedded'] : ['embedded'];

/**
 * One suite per engine, side by side, the tests within each in their order: much of a deployment is waiting. Only for
 * platforms in processes of their own: the environment of one process belongs to one platform's git.
 */
export function describeSideBySide(name: string, body: (engine: (typeof ENGINES)[number]) => void): void {
  for (const engine of ENGINES)
    describe(`on the ${engine} engine`, { concurrent: true }, () => {
      describe(name, { concurrent: false }, () => body(engine));
    });
}
