/** The platform's configuration: read once from arguments and environment, validated with every problem listed, frozen. */
import { isIP } from 'node:net';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { DEFAULT_RETENTION, DEFAULT_TIMING, TealError, type Timing } from '@teal/core';
import { z } from 'zod';

const port = z.coerce.number('is a port number').int().min(0).max(65_535);
const count = z.coerce.number('is a number').int().positive();
const bytes = z.coerce.number('is a number of bytes').int().positive();
const list = z.string().transform((text) => text.split(/[\s,]+/).filter((part) => part !== ''));
/** 32 bytes in base64 or hex; several: the first seals, the others open what is still sealed under them. */
const secretKeys = list.pipe(
  z.array(
    z
      .string()
      .regex(/^([0-9a-fA-F]{64}|[A-Za-z0-9+/]{43}=)$/, 'is 32 bytes in base64 or hex (openssl rand -base64 32)')
      .transform((text) => Buffer.from(text, text.length === 64 ? 'hex' : 'base64')),
  ),
);
const subnet = /^\d{1,3}(\.\d{1,3}){3}\/\d{1,2}$/;

const hostName = /^(?=.*[a-zA-Z])[a-zA-Z0-9.-]+$/;

/** `10.0.0.1`, `10.0.0.0/8`, `fd00::/8`. */
function isAddressOrSubnet(text: string): boolean {
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  const fits = bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (family === 4 ? 32 : 128));
  return family !== 0 && fits && rest.length === 0;
}

const schema = z.object({
  dataDir: z.string().min(1),
  engine: z.enum(['auto', 'docker', 'process'], 'is auto, docker or process'),
  /** Address the console, API, git and apps listen on. */
  host: z.string().min(1),
  consolePort: port,
  httpPort: port,
  /** Null: no HTTPS. */
  httpsPort: z.preprocess((given) => (given === 'off' ? null : given), port.nullable()),
  /** `auto`: 2222, or none where that is taken; null: no git over SSH. */
  sshPort: z.preprocess((given) => (given === 'off' ? null : given), z.union([z.literal('auto'), port]).nullable()),
  tlsCertFile: z.string().nullable(),
  tlsKeyFile: z.string().nullable(),
  router: z.enum(['auto', 'haproxy', 'embedded'], 'is auto, haproxy or embedded'),
  /** Socket of the launcher that starts HAProxy's supervisor in a container of its own; null: Teal starts it. */
  haproxyLauncher: z.string().nullable(),
  /** Apps answer at `<app>.<domain>`. */
  domain: z.string().regex(/^[a-z0-9.-]+$/, 'is a domain name in lower case'),
  install: z.boolean(),
  readyFd: port.nullable(),
  log: z.enum(['auto', 'json', 'pretty'], 'is auto, json or pretty'),
  logLevel: z.enum(['debug', 'info', 'warn', 'error', 'silent'], 'is debug, info, warn, error or silent'),
  databaseUrl: z.url({ protocol: /^postgres(ql)?$/, error: 'is a postgres:// URL' }).nullable(),
  redisUrl: z.url({ protocol: /^rediss?$/, error: 'is a redis:// URL' }).nullable(),
  smtpUrl: z.url({ protocol: /^smtps?$/, error: 'is an smtp:// or smtps:// URL' }).nullable(),
  mailFrom: z.email('is an e-mail address'),
  adminEmail: z.email('is an e-mail address'),
  maxPushBytes: bytes,
  caFile: z.string().nullable(),
  subnets: list.pipe(z.array(z.string().regex(subnet, 'is a list of subnets like 10.210.0.0/16')).min(1)),
  buildArgs: list,
  dockerSocket: z.string().nullable(),
  /** What Docker runs instances with, for instance `runsc`; null: its default. */
  runtime: z.string().nullable(),
  /** Empty: the file in the data folder. */
  secretKeys,
  /** Whose X-Forwarded-* headers console and API believe. */
  trustedProxies: list.pipe(z.array(z.string().refine(isAddressOrSubnet, 'is a list of addresses and subnets'))),
  /** `auto`: what apps and builds send is filtered where that can be had. */
  firewall: z.enum(['auto', 'off'], 'is auto or off'),
  /** Of each build step; null: half of the host's. */
  buildMemoryMib: z.preprocess(
    (given) => (given === '' ? null : given),
    z.coerce.number('is a number of MiB').int().min(128).nullable(),
  ),
  /** The newest deployments of an app that are kept, and those of them whose logs are. */
  keptDeployments: count,
  keptLogs: count,
  /** Host names, addresses and subnets that webhooks may reach although they are internal. */
  webhookAllow: list.pipe(
    z.array(
      z
        .string()
        .refine(
          (text) => isAddressOrSubnet(text) || hostName.test(text),
          'is a list of host names, addresses and subnets',
        ),
    ),
  ),
});

export type Config = Readonly<z.infer<typeof schema>> & {
  /** Folder of the numbered SQL files. */
  migrationsDir: string;
  /** The built console; null serves none. */
  consoleDir: string | null;
  timing: Timing;
};

/** Where a setting comes from: the option on the command line wins over the variable. */
const SOURCES = {
  dataDir: { option: 'data', variable: 'TEAL_DATA' },
  engine: { option: 'engine', variable: 'TEAL_ENGINE' },
  host: { option: 'host', variable: 'TEAL_HOST' },
  consolePort: { option: 'console-port', variable: 'TEAL_CONSOLE_PORT' },
  httpPort: { option: 'http-port', variable: 'TEAL_HTTP_PORT' },
  httpsPort: { option: 'https-port', variable: 'TEAL_HTTPS_PORT' },
  sshPort: { option: 'ssh-port', variable: 'TEAL_SSH_PORT' },
  tlsCertFile: { option: null, variable: 'TEAL_TLS_CERT_FILE' },
  tlsKeyFile: { option: null, variable: 'TEAL_TLS_KEY_FILE' },
  router: { option: 'router', variable: 'TEAL_ROUTER' },
  haproxyLauncher: { option: null, variable: 'TEAL_HAPROXY_LAUNCHER' },
  domain: { option: 'domain', variable: 'TEAL_DOMAIN' },
  readyFd: { option: 'ready-fd', variable: null },
  log: { option: 'log', variable: 'TEAL_LOG' },
  logLevel: { option: 'log-level', variable: 'TEAL_LOG_LEVEL' },
  databaseUrl: { option: null, variable: 'DATABASE_URL' },
  redisUrl: { option: null, variable: 'REDIS_URL' },
  smtpUrl: { option: null, variable: 'SMTP_URL' },
  mailFrom: { option: null, variable: 'TEAL_MAIL_FROM' },
  adminEmail: { option: null, variable: 'TEAL_ADMIN_EMAIL' },
  maxPushBytes: { option: null, variable: 'TEAL_MAX_PUSH_BYTES' },
  caFile: { option: null, variable: 'TEAL_CA_FILE' },
  subnets: { option: null, variable: 'TEAL_SUBNETS' },
  buildArgs: { option: null, variable: 'TEAL_BUILD_ARGS' },
  dockerSocket: { option: null, variable: 'TEAL_DOCKER_SOCKET' },
  runtime: { option: null, variable: 'TEAL_RUNTIME' },
  secretKeys: { option: null, variable: 'TEAL_SECRET_KEY' },
  trustedProxies: { option: null, variable: 'TEAL_TRUSTED_PROXIES' },
  firewall: { option: null, variable: 'TEAL_FIREWALL' },
  buildMemoryMib: { option: null, variable: 'TEAL_BUILD_MEMORY_MIB' },
  keptDeployments: { option: null, variable: 'TEAL_KEEP_DEPLOYMENTS' },
  keptLogs: { option: null, variable: 'TEAL_KEEP_LOGS' },
  webhookAllow: { option: null, variable: 'TEAL_WEBHOOK_ALLOW' },
} as const;

type Environment = Readonly<Record<string, string | undefined>>;

function defaults(environment: Environment, isRoot: boolean) {
  const home = environment.XDG_DATA_HOME ?? join(homedir(), '.local', 'share');
  return {
    dataDir: isRoot ? '/var/lib/teal' : join(home, 'teal'),
    engine: 'auto',
    host: '127.0.0.1',
    consolePort: 4000,
    httpPort: 8000,
    httpsPort: 8443,
    sshPort: 'auto',
    tlsCertFile: null,
    tlsKeyFile: null,
    router: 'auto',
    haproxyLauncher: null,
    domain: 'teal.localhost',
    readyFd: null,
    log: 'auto',
    logLevel: 'info',
    databaseUrl: null,
    redisUrl: null,
    smtpUrl: null,
    mailFrom: 'teal@teal.localhost',
    adminEmail: 'admin@teal.localhost',
    maxPushBytes: 1024 ** 3,
    caFile: null,
    subnets: '10.210.0.0/16',
    buildArgs: '',
    dockerSocket: null,
    runtime: null,
    secretKeys: '',
    trustedProxies: '',
    firewall: 'auto',
    buildMemoryMib: '',
    keptDeployments: DEFAULT_RETENTION.deployments,
    keptLogs: DEFAULT_RETENTION.logs,
    webhookAllow: '',
  };
}

function readOptions(args: readonly string[]): Record<string, string | boolean | undefined> {
  const names = Object.values(SOURCES).flatMap(({ option }) =>
    option === null ? [] : [[option, { type: 'string' }] as const],
  );
  try {
    const options = { ...Object.fromEntries(names), 'no-install': { type: 'boolean' } } as const;
    return parseArgs({ args: [...args], options, strict: true, allowPositionals: false }).values as Record<
      string,
      string | boolean
    >;
  } catch (cause) {
    throw new TealError('configuration_invalid', { detail: (cause as Error).message }, { cause });
  }
}

/** Throws `configuration_invalid` with every problem, one a line. */
export function readConfig(args: readonly string[], environment: Environment, rootDir: string): Config {
  const options = readOptions(args);
  const values: Record<string, unknown> = {
    ...defaults(environment, process.getuid?.() === 0),
    install: options['no-install'] !== true,
  };
  for (const [key, { option, variable }] of Object.entries(SOURCES)) {
    const given =
      (option === null ? undefined : options[option]) ?? (variable === null ? undefined : environment[variable]);
    if (given !== undefined && given !== '') values[key] = given;
  }
  const result = schema.safeParse(values);
  if (!result.success)
    throw new TealError('configuration_invalid', { detail: result.error.issues.map(describe).join('\n') });
  return Object.freeze({
    ...result.data,
    dataDir: resolve(result.data.dataDir),
    migrationsDir: join(rootDir, 'migrations'),
    consoleDir: join(rootDir, 'apps', 'console', 'dist'),
    timing: DEFAULT_TIMING,
  });
}

function describe(issue: z.core.$ZodIssue): string {
  const key = issue.path[0] as keyof typeof SOURCES;
  const source = SOURCES[key];
  const names = [source?.option && `--${source.option}`, source?.variable].filter(Boolean).join(' / ');
  return `  ${names || String(key)}: ${issue.message}`;
}
