/** The engines that end-to-end tests run on. Docker missing is a failure where it is required, else those tests are left out. */
import { existsSync } from 'node:fs';

const hasDocker = existsSync('/var/run/docker.sock') || process.env.TEAL_TEST_REQUIRE === 'docker';

export const ENGINES: readonly ('docker' | 'process')[] = hasDocker ? ['docker', 'process'] : ['process'];
