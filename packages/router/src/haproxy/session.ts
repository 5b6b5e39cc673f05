/** Keeps Teal in touch with a supervisor that serves what Teal said: finds or starts one, and starts another when it dies. */
import { setTimeout as delay } from 'node:timers/promises';
import type { RouterLog } from '../embedded/router.ts';
import { launchSupervisor } from './launch.ts';
import { type CallOptions, Link, LinkLost } from './link.ts';
import { readNotice } from './notice.ts';
import { isAlive, type ProcessMark, signal } from './processMark.ts';
import { type CallName, type Calls, type Hello, PROTOCOL, type SupervisorOptions } from './protocol.ts';
import { Table } from './table.ts';
import { watchSupervisor } from './watchdog.ts';

/** A call that finds no supervisor waits this long for one. */
const FIND_MS = 20_000;
const RETRY_MS = 100;
/** Starting HAProxy with all that it serves. */
const LISTEN_MS = 30_000;

interface Contact {
  link: Link;
  supervisor: ProcessMark;
  hello: Hello;
}

export interface SessionOptions {
  options: SupervisorOptions;
  proofDigest: string;
  /** See `launchSupervisor`. */
  launcher: string | null;
  /** A supervisor that is silent for longer is ended. */
  patienceMs: number;
  /** For the answer to a call. */
  answerMs: number;
  log: RouterLog | undefined;
}

export class Session {
  /** What Teal said: told again to a supervisor that begins. */
  readonly table = new Table();
  readonly #options: SupervisorOptions;
  readonly #proofDigest: string;
  readonly #launcher: string | null;
  readonly #patienceMs: number;
  readonly #answerMs: number;
  readonly #log: RouterLog | undefined;
  #contact: Promise<Contact> | null = null;
  /** Serves while the new one is told its routes. */
  #predecessor: Link | null = null;
  #known = false;
  #serving = false;
  #closed = false;
  hello: Hello | null = null;

  constructor({ options, proofDigest, launcher, patienceMs, answerMs, log }: SessionOptions) {
    this.#options = options;
    this.#proofDigest = proofDigest;
    this.#launcher = launcher;
    this.#patienceMs = patienceMs;
    this.#answerMs = answerMs;
    this.#log = log;
  }

  /** `noted` is called once there is a supervisor, before it is asked. A call cut off by its death is made again. */
  async call<C extends CallName>(
    call: C,
    args: () => Calls[C]['args'],
    { noted, ...options }: CallOptions & { noted?: () => void } = {},
  ): Promise<Calls[C]['value']> {
    let note = noted;
    for (;;) {
      const { link } = await this.#connected();
      note?.();
      note = undefined;
      try {
        return await link.call(call, args(), { timeoutMs: this.#answerMs, ...options });
      } catch (error) {
        if (!(error instanceof LinkLost) || this.#closed) throw error;
      }
    }
  }

  async listen(): Promise<void> {
    await this.call('listen', () => ({}), { timeoutMs: LISTEN_MS });
    this.#serving = true;
    await this.#predecessor?.call('retire', {}).catch(() => null);
    this.#predecessor?.close();
    this.#predecessor = null;
  }

  /** Lets go; what serves goes on. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#predecessor?.close();
    const contact = await this.#contact?.catch(() => null);
    contact?.link.close();
  }

  #connected(): Promise<Contact> {
    if (this.#contact !== null) return this.#contact;
    const contact = this.#connect();
    this.#contact = contact;
    contact.then(
      ({ link, supervisor }) => {
        void watchSupervisor({ link, supervisor, patienceMs: this.#patienceMs, log: this.#log });
        return link.closed.then(() => this.#lost(contact));
      },
      () => this.#forget(contact),
    );
    return contact;
  }

  #forget(contact: Promise<Contact>): void {
    if (this.#contact === contact) this.#contact = null;
  }

  #lost(contact: Promise<Contact>): void {
    this.#forget(contact);
    if (this.#closed || !this.#serving) return;
    this.#log?.warn({}, 'the supervisor of HAProxy ended; another is started');
    this.#connected().catch((error) => this.#log?.warn({ err: error }, 'no supervisor of HAProxy could be started'));
  }

  async #connect(): Promise<Contact> {
    const deadline = performance.now() + FIND_MS;
    for (;;) {
      if (this.#closed) throw new LinkLost('the router is closed');
      try {
        return await this.#findOrLaunch();
      } catch (error) {
        // At the start whoever starts Teal is told at once; later there is traffic to care for.
        if (!this.#serving || performance.now() > deadline) throw error;
        await delay(RETRY_MS);
      }
    }
  }

  async #findOrLaunch(): Promise<Contact> {
    const found = await this.#find();
    if (found !== null && this.#fits(found.hello)) return this.#adopt(found);
    this.#predecessor = found?.link ?? null;
    await launchSupervisor(this.#optionsNow(), this.#launcher);
    const made = await this.#find();
    if (made === null || !this.#fits(made.hello)) throw new Error('the supervisor of HAProxy ended at once');
    this.hello = made.hello;
    await made.link.call('fill', this.table.dump());
    this.#known = true;
    if (this.#serving) await made.link.call('listen', {}, { timeoutMs: LISTEN_MS });
    return made;
  }

  /** A supervisor that follows another listens where that one did. */
  #optionsNow(): SupervisorOptions {
    if (this.hello === null) return this.#options;
    const { address, secureAddress } = this.hello;
    return { ...this.#options, port: address.port, securePort: secureAddress?.port ?? null };
  }

  async #adopt(found: Contact): Promise<Contact> {
    this.hello = found.hello;
    // A later Teal learns from the supervisor what the one before it said.
    if (!this.#known) this.table.fill(await found.link.call('dump', {}));
    this.#known = true;
    return found;
  }

  #fits({ protocol, settings, address, secureAddress }: Hello): boolean {
    const { port, securePort } = this.#options;
    return (
      protocol === PROTOCOL &&
      settings === this.#options.settings &&
      (port === 0 || port === address.port) &&
      (securePort === null ? secureAddress === null : securePort === 0 || securePort === secureAddress?.port)
    );
  }

  async #find(): Promise<Contact | null> {
    const notice = readNotice(this.#options.stateDir);
    if (notice === null || !isAlive(notice.supervisor)) return null;
    const link = await Link.open(notice.controlSocket).catch(() => null);
    if (link === null) return null;
    const silence = delay(this.#patienceMs, undefined, { ref: false });
    const hello = await Promise.race([
      link.call('hello', { proofDigest: this.#proofDigest }).catch(() => null),
      silence,
    ]);
    // One that is frozen would hold us up for ever; HAProxy serves on without it.
    if (hello === undefined) signal(notice.supervisor, 'SIGKILL');
    else if (hello !== null) return { link, hello, supervisor: notice.supervisor };
    link.close();
    return null;
  }
}
