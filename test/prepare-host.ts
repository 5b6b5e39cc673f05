/** Prepares this machine for the tests and says what is missing; fails only where `TEAL_TEST_REQUIRE` asks for it. */
import { spawnSync } from 'node:child_process';
import { prepareHost } from '@teal/host';

const hasComposePlugIn = spawnSync('docker', ['compose', 'version'], { stdio: 'ignore' }).status === 0;
const host = await prepareHost({
  want: ['docker', 'mmdebstrap', 'redis', 'haproxy', 'chromium', ...(hasComposePlugIn ? [] : ['compose' as const])],
  install: process.env.TEAL_TEST_INSTALL !== 'no',
  say: (line) => process.stdout.write(`${line}\n`),
  environment: process.env,
});
if (process.env.TEAL_TEST_REQUIRE === 'docker' && !host.docker.available) {
  process.stderr.write(`The tests need Docker here: ${host.docker.why}\n`);
  process.exitCode = 1;
}
