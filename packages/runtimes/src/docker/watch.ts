/** Follows the daemon's events about this platform's instances, and reconnects for as long as it is asked to. */
import type { ObservedInstance } from '@teal/core';
import type { EngineEvent } from '@teal/deployer';
import { type DockerClient, QUICK_MS } from './client.ts';
import { LABEL, type Naming } from './naming.ts';
import type { Observer } from './observe.ts';

export interface WatchSources {
  client: DockerClient;
  naming: Naming;
  observer: Observer;
}

interface DockerEvent {
  Action?: string;
  timeNs: bigint;
  Actor?: { Attributes?: Record<string, string> };
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

function parseEvent(line: string): DockerEvent | null {
  try {
    // a number would lose the last digits, and with them which event was the last one seen
    const timeNs = BigInt(/"timeNano":(\d+)/.exec(line)?.[1] ?? 0);
    return { ...(JSON.parse(line) as object), timeNs };
  } catch {
    return null;
  }
}

async function* eventsOf(stream: AsyncIterable<Buffer>): AsyncGenerator<DockerEvent> {
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + chunk.toString()).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = line.trim() === '' ? null : parseEvent(line);
      if (event !== null) yield event;
    }
  }
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

/** Resolves when `signal` aborts. */
export async function watchInstances(
  sources: WatchSources,
  listener: (event: EngineEvent) => void,
  signal: AbortSignal,
): Promise<void> {
  const { client, naming, observer } = sources;
  /** Refs that ended and may start again. */
  const ended = new Set<string>();
  let sinceNs = BigInt(Date.now()) * 1_000_000n;
  let known = new Map<string, ObservedInstance>();

  async function take(event: DockerEvent): Promise<void> {
    const attributes = event.Actor?.Attributes ?? {};
    // without its place nobody reaches an instance: one that loses it has ended
    const placed = attributes[LABEL.place];
    if (placed !== undefined && event.Action !== 'die') return;
    const instanceId = placed ?? attributes[LABEL.instance];
    const appId = attributes[LABEL.app];
    if (instanceId === undefined || appId === undefined) return;
    const ref = placed === undefined ? (attributes.name ?? '') : naming.instanceRef(placed);
    if (placed !== undefined && known.get(ref)?.status !== 'running') return;
    if (event.Action === 'die') {
      // told already by the comparison
      if (ended.has(ref)) return;
      ended.add(ref);
      known.set(ref, { instanceId, appId, ref, status: 'exited', address: null });
      const exitCode = placed === undefined ? Number.parseInt(attributes.exitCode ?? '', 10) : Number.NaN;
      listener({ type: 'exited', instanceId, appId, exitCode: Number.isNaN(exitCode) ? null : exitCode });
    } else if (event.Action === 'start') {
      known.set(ref, { instanceId, appId, ref, status: 'running', address: null });
      if (!ended.delete(ref)) return;
      const address = (await observer.inspect(ref))?.address ?? null;
      if (address !== null) listener({ type: 'restarted', instanceId, appId, address });
    } else if (event.Action === 'destroy') {
      ended.delete(ref);
      known.delete(ref);
    }
  }

  /** A daemon that went away remembers no events: compares what is there with what was. */
  async function compare(): Promise<void> {
    const now = new Map((await observer.list()).map((instance) => [instance.ref, instance]));
    for (const before of known.values()) {
      const after = now.get(before.ref);
      const { instanceId, appId } = before;
      if (before.status === 'exited' || ended.has(before.ref)) continue;
      if (after === undefined || after.status === 'exited') {
        listener({ type: 'exited', instanceId, appId, exitCode: null });
        ended.add(before.ref);
      } else if (after.address !== null && before.address !== null && after.address.host !== before.address.host) {
        listener({ type: 'restarted', instanceId, appId, address: after.address });
      }
    }
    known = now;
  }

  async function follow(): Promise<void> {
    const filters = JSON.stringify({ type: ['container'], event: ['die', 'start', 'destroy'], ...naming.ownFilter() });
    // the API takes nanoseconds after a point, which a number would lose
    const since = `${sinceNs / 1_000_000_000n}.${String(sinceNs % 1_000_000_000n).padStart(9, '0')}`;
    const over = new AbortController();
    // the call's own signal ends with its deadline, and would end the stream
    const abortSignal = AbortSignal.any([signal, over.signal]);
    try {
      const wanted = { filters, since: since as unknown as number, abortSignal };
      const stream = await client.call(QUICK_MS, () => client.docker.getEvents(wanted), signal);
      await compare();
      for await (const event of eventsOf(stream as unknown as AsyncIterable<Buffer>)) {
        if (event.timeNs >= sinceNs) sinceNs = event.timeNs + 1n;
        await take(event);
      }
    } finally {
      over.abort();
    }
  }

  for (let waitMs = RETRY_FIRST_MS; !signal.aborted; waitMs = Math.min(waitMs * 2, RETRY_MAX_MS)) {
    const begun = Date.now();
    // the reason does not matter: the next round tries again, and other calls tell people
    await follow().catch(() => undefined);
    if (Date.now() - begun > RETRY_MAX_MS) waitMs = RETRY_FIRST_MS;
    if (!signal.aborted) await pause(waitMs, signal);
  }
}
