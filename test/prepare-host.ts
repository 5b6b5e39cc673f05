/** Prepares this machine for the tests and says what is missing; fails only where `TEAL_TEST_REQUIRE` asks for it. */
import { prepareHost } from '@teal/host';

const host = await prepareHost({
  want: ['docker', 'mmdebstrap', 'redis', 'chromium'],
  install: process.env.TEAL_TEST_INSTALL !== 'no',
  say: (line) => process.stdout.write(`${line}\n`),
  environment: process.env,
});
if (process.env.TEAL_TEST_REQUIRE === 'docker' && !host.docker.available) {
  process.stderr.write(`The tests need Docker here: ${host.docker.why}\n`);
  process.exitCode = 1;
}
