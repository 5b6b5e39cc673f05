/** Step 3 of a deployment: asks every green instance until all have passed, one has ended, or time is over. */
import {
  type Address,
  describeAnswer,
  type GateRules,
  gateRules,
  healthPaths,
  type Instance,
  likelyCauses,
  nextProbeIntervalMs,
  PASSES_NEEDED,
  type ProbeAnswer,
  passes,
  plainLine,
  type Release,
  TealError,
} from '@teal/core';
import type { ProbeRequest } from './ports/prober.ts';
import { type Run, RunFailure, throwIfStopped } from './run.ts';

const LAST_LINES = 20;
const PROBE_TIMEOUT_MS = 5_000;
/** A probe that waited this long when it was cut short counts as not answered. */
const UNANSWERED_MS = 500;

interface Watch {
  instance: Instance & { ref: string; address: Address };
  rules: GateRules;
  last: ProbeAnswer | null;
  lastWords: string;
  exit: { code: number | null } | null;
}

/** Returns when every instance has passed; throws RunFailure with the last answer, last lines and likely causes. */
export async function passGate(run: Run, release: Release, instances: readonly Instance[]): Promise<void> {
  const deadline = run.context.clock.timeout(release.settings.gateDeadlineMs);
  const rules = gateRules(healthPaths(release.environment));
  const giveUp = new AbortController();
  const signal = AbortSignal.any([run.signal, deadline, giveUp.signal]);
  try {
    await Promise.all(instances.map((instance) => passOne(run, instance, rules, signal)));
  } catch (error) {
    throwIfStopped(run.signal);
    throw error;
  } finally {
    giveUp.abort();
  }
}

async function passOne(run: Run, instance: Instance, rules: GateRules, signal: AbortSignal): Promise<void> {
  const { ref, address } = instance;
  if (ref === null || address === null) throw new Error(`instance ${instance.id} has no address`);
  const watch: Watch = { instance: { ...instance, ref, address }, rules, last: null, lastWords: '', exit: null };
  const ended = new AbortController();
  const unsubscribe = run.exits.on(instance.id, (code) => {
    watch.exit = { code };
    ended.abort();
  });
  try {
    // It may have ended before anybody listened; the first probe need not wait for the answer.
    const look = run.context.engine.inspect(ref).then(
      (seen) => {
        if (seen !== null && seen.status !== 'exited') return;
        watch.exit ??= { code: null };
        ended.abort();
      },
      (error) => run.context.log.warn({ ref, err: error }, 'an instance could not be looked at'),
    );
    const passed = await probeUntilPassed(run, watch, AbortSignal.any([signal, ended.signal]));
    await look;
    if (!passed) throw await refusal(run, watch);
  } finally {
    unsubscribe();
  }
}

/** One path after the other, each asked until it passes; two rounds in a row make the gate. */
async function probeUntilPassed(run: Run, watch: Watch, signal: AbortSignal): Promise<boolean> {
  const { clock } = run.context;
  const beganAt = clock.now().getTime();
  let passed = 0;
  while (!signal.aborted) {
    const good = await probeAllPaths(run, watch, signal);
    if (signal.aborted) return false;
    passed = good ? passed + 1 : 0;
    if (passed >= PASSES_NEEDED) return isOwn(run, watch);
    await clock.sleep(nextProbeIntervalMs(clock.now().getTime() - beganAt, good), signal);
  }
  return false;
}

async function probeAllPaths(run: Run, watch: Watch, signal: AbortSignal): Promise<boolean> {
  const host = run.context.settings.hostsOf(run.app)[0] ?? 'localhost';
  for (const path of watch.rules.paths) {
    const { address } = watch.instance;
    const answer = await probe(run, { address, path, host, timeoutMs: PROBE_TIMEOUT_MS, signal });
    if (answer === null) return false;
    watch.last = answer;
    const words = describeAnswer(path, answer);
    if (words !== watch.lastWords) run.log.line('teal', `Instance ${watch.instance.number}: ${words}`);
    watch.lastWords = words;
    if (!passes(watch.rules, answer)) return false;
  }
  return true;
}

/** Null when it was cut short; but one that the end of time found waiting for long was not answered. */
async function probe(run: Run, request: ProbeRequest): Promise<ProbeAnswer | null> {
  const { clock, prober } = run.context;
  const beganAt = clock.now().getTime();
  try {
    return await prober.probe(request);
  } catch (error) {
    if (!request.signal.aborted) throw error;
    const waitedMs = clock.now().getTime() - beganAt;
    return waitedMs < UNANSWERED_MS ? null : { kind: 'none', why: 'timeout', detail: `none within ${waitedMs} ms` };
  }
}

/** An answer counts only when the instance itself gave it. */
async function isOwn(run: Run, { instance }: Watch): Promise<boolean> {
  if (await run.context.engine.ownsAddress(instance.ref, instance.address)) return true;
  run.log.line('teal', `Instance ${instance.number}: another process answers on its port.`);
  return false;
}

async function lastLines(run: Run, ref: string): Promise<string[]> {
  const lines: string[] = [];
  try {
    const signal = run.context.clock.timeout(3_000);
    for await (const line of run.context.engine.logs(ref, { tailLines: LAST_LINES, follow: false, signal }))
      lines.push(line);
  } catch (error) {
    run.context.log.warn({ ref, err: error }, 'the last lines of an instance could not be read');
  }
  return lines;
}

async function refusal(run: Run, watch: Watch): Promise<Error> {
  throwIfStopped(run.signal);
  const { engine } = run.context;
  const { instance, rules, last, exit } = watch;
  for (const line of await lastLines(run, instance.ref)) run.log.line('app', plainLine(line));
  const listeners = exit === null ? await engine.listeners(instance.ref).catch(() => null) : null;
  const evidence = { rules, last, expectedPort: instance.address.port, listeners, exited: exit !== null };
  for (const cause of likelyCauses(evidence)) run.log.line('teal', cause);
  if (exit !== null) {
    const detail = exit.code === null ? 'its exit code is not known' : `exit code ${exit.code}`;
    return RunFailure.of(new TealError('gate_exited', { detail }));
  }
  const detail = watch.lastWords === '' ? 'it was never asked' : watch.lastWords;
  return RunFailure.of(new TealError('gate_refused', { detail }));
}
