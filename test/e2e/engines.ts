/** The engines and routers that end-to-end tests run on. What is missing is a failure where it is required, else left out. */
import { existsSync } from 'node:fs';

const hasDocker = existsSync('/var/run/docker.sock') || process.env.TEAL_TEST_REQUIRE === 'docker';

export const ENGINES: readonly ('docker' | 'process')[] = hasDocker ? ['docker', 'process'] : ['process'];

const hasHaproxy = existsSync('/usr/sbin/haproxy') || process.env.TEAL_TEST_REQUIRE === 'docker';

export const ROUTERS: readonly ('haproxy' | 'embedded')[] = hasHaproxy ? ['haproxy', 'embedded'] : ['embedded'];
