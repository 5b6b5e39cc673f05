/**
 * What the instances of a running deployment will need and can have before their image: asked for beside the build, and
 * given back when it comes to nothing. No row stands behind it yet, so this is how the reconciler tells it from what a crash left.
 */
import type { App } from '@teal/core';
import type { Context } from './context.ts';

interface Owner {
  context: Pick<Context, 'engine' | 'ids' | 'log'>;
  app: Pick<App, 'id'>;
}

export interface Places {
  isOpen(instanceId: string): boolean;
  /** For one run. Whoever opens them closes them. */
  open(): RunPlaces;
}

export interface RunPlaces {
  /** Begins with places for so many instances; does not wait for them. */
  prepare(run: Owner, count: number): void;
  /** The id of an instance that has a place; undefined when none is left. */
  next(): string | undefined;
  /** Its row is written. */
  taken(instanceId: string): void;
  /** Removes those that nobody took. */
  close(run: Pick<Owner, 'context'>): Promise<void>;
}

export function createPlaces(): Places {
  const open = new Set<string>();

  return {
    isOpen: (instanceId) => open.has(instanceId),
    open() {
      const free: string[] = [];
      const refs = new Map<string, Promise<string | null>>();
      return {
        prepare({ context: { engine, ids, log }, app }, count) {
          for (let n = 0; n < count; n += 1) {
            const instanceId = ids.newId('instance');
            open.add(instanceId);
            free.push(instanceId);
            const place = engine.prepare({ instanceId, appId: app.id }).catch((error) => {
              log.warn({ appId: app.id, err: error }, 'nothing could be prepared for an instance');
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
        async close({ context: { engine, log } }) {
          const left = [...refs];
          refs.clear();
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
    },
  };
}
