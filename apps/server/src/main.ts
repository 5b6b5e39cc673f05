/** `teal up`: runs the platform in the foreground until Ctrl-C. `teal down`: ends what that leaves. */
import { writeSync } from 'node:fs';
import { flushCompileCache } from 'node:module';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { isTealError } from '@teal/core';
import { type Config, readConfig } from './config.ts';
import { down } from './down.ts';
import { createLog } from './log.ts';
import { type Platform, startPlatform } from './platform.ts';
import { rekey } from './rekey.ts';

const rootDir = join(dirname(fileURLToPath(import.meta.url)), '..', '..', '..');
const EXIT_USAGE = 2;

const USAGE = `teal up [options]: runs the platform in the foreground; Ctrl-C stops it, instances and HAProxy keep running

  --data DIR               data folder (TEAL_DATA)
  --engine auto|docker|process  (TEAL_ENGINE)
  --console-port PORT      console, API and git, default 4000 (TEAL_CONSOLE_PORT)
  --http-port PORT         the apps, default 8000 (TEAL_HTTP_PORT)
  --https-port PORT|off    the apps over HTTPS, default 8443 (TEAL_HTTPS_PORT)
  --ssh-port PORT|off      git over SSH, default 2222 where it is free (TEAL_SSH_PORT)
  --router auto|haproxy|embedded  (TEAL_ROUTER)
  --host ADDRESS           listen address, default 127.0.0.1 (TEAL_HOST)
  --domain NAME            apps answer at <app>.NAME, default teal.localhost (TEAL_DOMAIN)
  --no-install             never install system packages or start the Docker daemon
  --log auto|json|pretty   form of the platform's log (TEAL_LOG)
  --log-level LEVEL        debug, info, warn, error or silent (TEAL_LOG_LEVEL)
  --ready-fd N             write one JSON line there when ready
`;

const REKEY_USAGE = `teal rekey [options]: seals every secret in the database under a new key; stop Teal first, start it afterwards

  --data DIR               data folder (TEAL_DATA); the new key is made there
  TEAL_SECRET_KEY="NEW OLD"  where the key is not in the data folder: the keys to change to and from

If it is ended half-way, run it again, or just start Teal.
`;

const DOWN_USAGE = `teal down [--instances] [--data DIR]: ends Teal, HAProxy and whatever else "teal up" left running; deletes nothing

  --data DIR               data folder (TEAL_DATA)
  --instances              the instances too; otherwise they run on, answered by nothing
`;

function announce(platform: Platform, config: Config): void {
  const lines = [
    '',
    `  Console, API, git   ${platform.consoleUrl}`,
    `  Apps                ${platform.appUrlPattern}`,
    ...(platform.secureAppUrlPattern === null ? [] : [`                      ${platform.secureAppUrlPattern}`]),
    ...(platform.ssh === null ? [] : [`  Git over SSH        ${platform.ssh.urlPattern}`]),
    `  Data folder         ${config.dataDir}`,
    `  Engine              ${platform.engine}${platform.isolated ? '' : ' (no isolation: run only code you trust)'}`,
    `  Router              ${platform.router === 'haproxy' ? 'HAProxy, which serves on while Teal is away' : 'embedded'}`,
  ];
  if (platform.firstToken !== null) {
    lines.push(
      '',
      `  Your token, shown this once:  ${platform.firstToken}`,
      `  Sign in with it at ${platform.consoleUrl}, and here:`,
      `  echo ${platform.firstToken} | teal login ${platform.consoleUrl}`,
    );
  }
  process.stderr.write(`${lines.join('\n')}\n\n`);
}

function writeReady(platform: Platform, config: Config): void {
  if (config.readyFd === null) return;
  const ready = {
    consoleUrl: platform.consoleUrl,
    apiUrl: `${platform.consoleUrl}/api/v1`,
    appUrlPattern: platform.appUrlPattern,
    secureAppUrlPattern: platform.secureAppUrlPattern,
    httpPort: platform.httpPort,
    httpsPort: platform.httpsPort,
    sshPort: platform.ssh?.port ?? null,
    token: platform.firstToken,
    dataDir: config.dataDir,
    engine: platform.engine,
    router: platform.router,
    isolated: platform.isolated,
  };
  writeSync(config.readyFd, `${JSON.stringify(ready)}\n`);
}

function untilTold(): Promise<string> {
  return new Promise((resolve) => {
    for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.once(signal, () => resolve(signal));
  });
}

async function up(args: string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(USAGE);
    return;
  }
  const config = readConfig(args, process.env, rootDir);
  // No child process has any use for them.
  delete process.env.TEAL_SECRET_KEY;
  delete process.env.NODE_COMPILE_CACHE;
  const log = createLog(config);
  const told = untilTold();
  const platform = await startPlatform(config, log);
  announce(platform, config);
  writeReady(platform, config);
  // Otherwise it is written at the end, which a killed process does not see.
  flushCompileCache();
  const signal = await told;
  const others = platform.router === 'haproxy' ? 'HAProxy and instances keep running' : 'instances keep running';
  log.info({ signal }, `stopping; ${others} ("teal down --instances" ends all)`);
  await platform.close();
}

async function changeKey(args: string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(REKEY_USAGE);
    return;
  }
  const config = readConfig(args, process.env, rootDir);
  process.stdout.write(`${await rekey(config, createLog(config))}\n`);
}

async function endAll(args: string[]): Promise<void> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(DOWN_USAGE);
    return;
  }
  const config = readConfig(
    args.filter((arg) => arg !== '--instances'),
    process.env,
    rootDir,
  );
  const log = createLog({ ...config, logLevel: 'warn' });
  const say = (line: string) => process.stderr.write(`teal: ${line}\n`);
  await down({ config, instances: args.includes('--instances'), log, say });
}

const [command, ...args] = process.argv.slice(2);
try {
  if (command === 'down') await endAll(args);
  else if (command === 'rekey') await changeKey(args);
  else await up(command === 'up' ? args : [command, ...args].filter((arg) => arg !== undefined));
  process.exit(0);
} catch (error) {
  if (!isTealError(error)) throw error;
  process.stderr.write(`teal: ${error.message}\n`);
  process.exit(error.code === 'configuration_invalid' ? EXIT_USAGE : 1);
}
