/** Puts the supervisor's parts together: sockets, table, HAProxy, pages, figures. Holds no rule of its own. */
import { randomBytes } from 'node:crypto';
import { chmod, chown, mkdir, rename, rm, writeFile } from 'node:fs/promises';
import type { Server } from 'node:http';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Certificate } from '@teal/deployer';
import { AccessLog } from '../../accessLog.ts';
import { TrafficMeter } from '../../trafficMeter.ts';
import type { Notice } from '../notice.ts';
import { noticePath, readNotice } from '../notice.ts';
import { isAlive, markOf, type ProcessMark, signal } from '../processMark.ts';
import type { Hello, SupervisorOptions } from '../protocol.ts';
import { Table, type TableDump } from '../table.ts';
import { Allowance } from './allowance.ts';
import { Apps } from './apps.ts';
import { certificateFiles, changeCertificates } from './certificates.ts';
import { Flights } from './flights.ts';
import { Generation } from './generation.ts';
import { Losses } from './losses.ts';
import { setEntry } from './maps.ts';
import { servePages } from './pagesServer.ts';
import { Plane, type PlaneLog } from './plane.ts';
import { MAPS, render, serverSettings } from './render.ts';
import { Slots } from './slots.ts';
import { type HeldSocket, holdSocket } from './sockets.ts';
import { trafficReader } from './trafficLines.ts';

const NOTICE_RETRY_MS = 1_000;
/** Of so many apps one pair of pools is spare: each costs memory, and each growth a new process. */
const SPARE_SHARE = 25;

const LUA_FILE = fileURLToPath(new URL('./hop.lua', import.meta.url));

export class Supervisor {
  readonly options: SupervisorOptions;
  readonly table = new Table();
  readonly meter: TrafficMeter;
  readonly accessLog: AccessLog;
  readonly apps: Apps;
  readonly flights: Flights;
  readonly losses: Losses;
  readonly controlSocket: string;
  readonly #allowance: Allowance;
  readonly #slots = new Slots();
  readonly #plane: Plane;
  readonly #dir: string;
  readonly #log: PlaneLog;
  /** HAProxies that another supervisor started. */
  readonly #orphans: ProcessMark[];
  readonly #predecessor: ProcessMark | null;
  #retired = false;
  #plain: HeldSocket;
  #secure: HeldSocket | null;
  #pages: Server | null = null;
  #proofDigest = '';

  /** Binds its sockets. Throws `port_taken`. */
  constructor(options: SupervisorOptions, log: PlaneLog) {
    this.options = options;
    this.#log = log;
    const trouble = (error: unknown) => log.warn({ err: error }, 'traffic could not be recorded');
    this.meter = new TrafficMeter({ intervalMs: options.limits.trafficIntervalMs, trouble });
    this.accessLog = new AccessLog({ dir: options.stateDir, trouble });
    const before = readNotice(options.stateDir);
    this.#orphans = (before?.serving ?? []).filter(isAlive);
    this.#predecessor = before?.supervisor ?? null;
    const beside = this.#orphans.length > 0;
    const { host, port, securePort } = options;
    this.#plain = holdSocket({ host, port }, { option: '--http-port', beside });
    this.#secure =
      securePort === null ? null : holdSocket({ host, port: securePort }, { option: '--https-port', beside });
    const unique = randomBytes(3).toString('hex');
    this.#dir = join(options.stateDir, unique);
    this.controlSocket = join(options.socketDir, `${unique}.c`);
    this.#plane = new Plane({
      launch: (number) => this.#launch(number),
      changed: () => void this.#keepNotice(),
      log,
    });
    const settings = serverSettings(options);
    this.apps = new Apps({ table: this.table, slots: this.#slots, plane: this.#plane, settings });
    const sources = {
      generations: () => this.#plane.generations,
      backendsOf: (instanceId: string) => this.apps.backendsOf(instanceId),
    };
    this.flights = new Flights(sources);
    this.#allowance = new Allowance({ ...sources, limit: options.limits.maxRequestsPerMember });
    this.#allowance.start();
    this.losses = new Losses({
      generations: sources.generations,
      lost: (requests) => log.warn({ requests }, 'requests are in no figures: their lines were not read in time'),
    });
    this.losses.start();
  }

  /** Serves the pages; HAProxy comes with `listen`. */
  async open(): Promise<void> {
    await mkdir(this.#dir, { recursive: true, mode: 0o700 });
    this.#pages = await servePages(this.#pagesSocket, this.table, () => this.#secure?.address.port ?? null);
    const { runAs } = this.options;
    if (runAs !== null) await chown(this.#pagesSocket, 0, runAs.gid);
    await chmod(this.#pagesSocket, runAs === null ? 0o600 : 0o660);
  }

  get isServing(): boolean {
    return this.#plane.isServing;
  }

  /** Makes this supervisor the one that is found. */
  announce(): Promise<void> {
    return this.#writeNotice();
  }

  async hello(proofDigest: string): Promise<Hello> {
    await this.#prove(proofDigest);
    return {
      protocol: this.options.protocol,
      settings: this.options.settings,
      address: this.#plain.address,
      secureAddress: this.#secure?.address ?? null,
      serving: this.#plane.isServing,
    };
  }

  /** HAProxies whose supervisor has died are told to end once its successor's serves. */
  async listen(): Promise<void> {
    if (this.#plane.isServing) return;
    await this.#plane.renew();
    // A supervisor that lives would start them again: Teal tells it to retire.
    if (this.#predecessor !== null && isAlive(this.#predecessor)) return;
    for (const orphan of this.#orphans) signal(orphan, 'SIGUSR1');
  }

  fill(dump: TableDump): void {
    this.table.fill(dump);
  }

  async setCertificates(certificates: readonly Certificate[]): Promise<void> {
    const before = this.table.certificates;
    this.table.certificates = certificates;
    if (this.#secure === null || !this.#plane.isServing) return;
    // HAProxy cannot gain its first certificate, or lose its last, while it runs.
    if (before.length === 0 || certificates.length === 0) {
      if (before.length !== certificates.length) await this.#plane.renew();
      return;
    }
    try {
      await this.#plane.each((generation) => changeCertificates(generation, before, certificates));
    } catch (error) {
      this.#log.warn({ err: error }, 'certificates could not be changed in place; a new HAProxy takes over');
      await this.#plane.renew();
    }
  }

  /** Lets HAProxy end with its last connection. Resolves when it has. */
  async retire(): Promise<void> {
    this.#retired = true;
    this.#plain.close();
    this.#secure?.close();
    this.#plane.stopSoftly();
    await this.#plane.ended();
    await this.#cleanUp();
  }

  async shutdown(): Promise<void> {
    await this.#plane.close();
    this.#retired = true;
    for (const orphan of this.#orphans) signal(orphan, 'SIGKILL');
    await this.#cleanUp();
    const notice = readNotice(this.options.stateDir);
    if (notice?.supervisor.pid === process.pid) await rm(noticePath(this.options.stateDir), { force: true });
  }

  get #pagesSocket(): string {
    return `${this.controlSocket.slice(0, -2)}.p`;
  }

  async #cleanUp(): Promise<void> {
    this.#allowance.stop();
    this.losses.stop();
    this.apps.close();
    this.meter.close();
    await this.accessLog.close();
    this.#pages?.closeAllConnections();
    this.#pages?.close();
    await rm(this.#dir, { recursive: true, force: true });
    await rm(this.#pagesSocket, { force: true });
  }

  async #prove(digest: string): Promise<void> {
    this.#proofDigest = digest;
    await this.#plane.each(async (generation) => {
      await generation.ask(`clear map ${MAPS.proofs}`);
      await setEntry(generation, MAPS.proofs, digest, '1');
    });
  }

  async #launch(number: number): Promise<Generation> {
    const { options, table } = this;
    const without = [...table.apps.keys()].filter((appId) => this.#slots.of(appId) === null);
    const spare = Math.max(options.minSlots, Math.ceil(table.apps.size / SPARE_SHARE));
    this.#slots.grow(this.#slots.taken + without.length + spare);
    for (const appId of without) this.#slots.take(appId);
    const adminSocket = `${this.controlSocket.slice(0, -2)}.${number}`;
    const fds = [this.#plain.fd, ...(this.#secure === null ? [] : [this.#secure.fd])];
    const files = render({
      table,
      slots: new Map(this.#slots.apps()),
      size: this.#slots.size,
      proofDigest: this.#proofDigest,
      options,
      adminSocket,
      pagesSocket: this.#pagesSocket,
      luaFile: LUA_FILE,
      fds: { plain: 3, secure: this.#secure === null ? null : 4 },
    });
    const size = this.#slots.size;
    const generation = await Generation.start(
      { number, size },
      {
        binary: options.binary,
        dir: join(this.#dir, String(number)),
        files: { ...files, ...(this.#secure === null ? {} : certificateFiles(table.certificates)) },
        adminSocket,
        fds,
        logged: trafficReader((entry) => {
          this.meter.record(entry);
          this.accessLog.append(entry);
        }),
      },
    );
    this.apps.settle(generation);
    this.#log.info({ pid: generation.mark.pid, slots: size }, 'HAProxy serves');
    return generation;
  }

  /** Until it is written: a successor that knows less leaves a HAProxy running for ever. */
  async #keepNotice(): Promise<void> {
    for (;;) {
      try {
        return await this.#writeNotice();
      } catch (error) {
        this.#log.warn({ err: error }, 'the notice was not written; it is tried again');
        await delay(NOTICE_RETRY_MS, undefined, { ref: false });
      }
    }
  }

  /** Whom Teal talks to, and what a later supervisor has to end. */
  async #writeNotice(): Promise<void> {
    const { options } = this;
    const self = markOf(process.pid);
    if (self === null || this.#retired) return;
    const serving = this.#plane.generations.map((generation) => generation.mark);
    const notice: Notice = {
      supervisor: self,
      controlSocket: this.controlSocket,
      serving: [...serving, ...this.#orphans.filter(isAlive)],
    };
    const path = noticePath(options.stateDir);
    await writeFile(`${path}.${process.pid}`, JSON.stringify(notice), { mode: 0o600 });
    await rename(`${path}.${process.pid}`, path);
  }
}
