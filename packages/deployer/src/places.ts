/**
 * What the instances of a deployment to come will need and can have before their image: asked for as soon as its push is accepted,
 * beside all that comes before the start, and given back when it comes to nothing. No row stands behind it yet, so this is
 * how the reconciler tells it from what a crash left.
 */
import type { App } from '@teal/core';
import type { Context } from './context.ts';

type Ports = Pick<Context, 'engine' | 'ids' | 'log'>;
type Wanted = Pick<App, 'id'> & { settings: Pick<App['settings'], 'scale'> };

export interface Places {
  /** For the run that an accepted push will bring. Begins, and does not wait. */
  expect(app: Wanted): void;
  /** For one run of an app, with what was expected of it. Whoever opens them closes them. */
  open(appId: string): RunPlaces;
  isOpen(instanceId: string): boolean;
  close(): Promise<void>;
}

export interface RunPlaces {
  /** Begins with what is missing for all instances of the app; does not wait. */
  prepare(context: Ports, app: Wanted): void;
  /** The id of an instance that has a place; undefined when none is left. */
  next(): string | undefined;
  /** Its row is written. */
  taken(instanceId: string): void;
  /** Removes those that nobody took. */
  close(context: Ports): Promise<void>;
  /** Leaves them to the reconciler. */
  abandon(): Promise<void>;
}

/** From an accepted push to its run; git moves its refs in between. One that takes longer is only slower. */
const EXPECTED_MS = 5_000;

/** `abandoned` is told when something was expected in vain: the reconciler, which has the app's lease for that, removes it. */
export function createPlaces(context: Ports & Pick<Context, 'clock'>, abandoned: (appId: string) => void): Places {
  const open = new Set<string>();
  const expected = new Map<string, RunPlaces>();
  const closing = new AbortController();
  const tasks = new Set<Promise<void>>();

  async function forgetLater(appId: string, places: RunPlaces): Promise<void> {
    await context.clock.sleep(EXPECTED_MS, closing.signal);
    if (expected.get(appId) !== places) return;
    expected.delete(appId);
    await places.abandon();
    if (!closing.signal.aborted) abandoned(appId);
  }

  return {
    expect(app) {
      if (expected.has(app.id) || closing.signal.aborted) return;
      const places = createRunPlaces(open);
      expected.set(app.id, places);
      places.prepare(context, app);
      const task = forgetLater(app.id, places).finally(() => tasks.delete(task));
      tasks.add(task);
    },
    open(appId) {
      const places = expected.get(appId) ?? createRunPlaces(open);
      expected.delete(appId);
      return places;
    },
    isOpen: (instanceId) => open.has(instanceId),
    async close() {
      closing.abort();
      await Promise.all(tasks);
    },
  };
}

function createRunPlaces(open: Set<string>): RunPlaces {
  const free: string[] = [];
  const refs = new Map<string, Promise<string | null>>();
  return {
    prepare({ engine, ids, log }, { id: appId, settings }) {
      for (let missing = settings.scale - free.length; missing > 0; missing -= 1) {
        const instanceId = ids.newId('instance');
        open.add(instanceId);
        free.push(instanceId);
        const place = engine.prepare({ instanceId, appId }).catch((error) => {
          log.warn({ appId, err: error }, 'nothing could be prepared for an instance');
          return null;
        });
        refs.set(instanceId, place);
      }
    },
    next: () => free.shift(),
    taken(instanceId) {
      open.delete(instanceId);
      refs.delete(instanceId);
    },
    async abandon() {
      await Promise.all(refs.values());
      for (const instanceId of refs.keys()) open.delete(instanceId);
    },
    async close({ engine, log }) {
      const left = [...refs];
      refs.clear();
      free.length = 0;
      await Promise.all(
        left.map(async ([instanceId, place]) => {
          try {
            const ref = await place;
            if (ref !== null) await engine.stop(ref, { graceMs: 0 });
          } catch (error) {
            // whoever holds the lease now, or the next round, finds it without a row
            log.warn({ instanceId, err: error }, 'what was prepared for an instance could not be removed');
          } finally {
            open.delete(instanceId);
          }
        }),
      );
    },
  };
}
