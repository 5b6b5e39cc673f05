/**
 * Engine and router for whoever holds an app's lease. SQL is fenced by the database; these two cannot be, so each call that
 * changes something asks right before it acts whether the lease is still held. Acts on nothing itself.
 */
import { TealError } from '@teal/core';
import type { Context } from './context.ts';
import type { Engine } from './ports/engine.ts';
import type { Router } from './ports/router.ts';

/** {@link Context} with ports that refuse to act without the lease. */
export type EffectContext = Context;

const ENGINE_EFFECTS: ReadonlySet<keyof Engine> = new Set<keyof Engine>([
  'build',
  'removeImage',
  'prepare',
  'start',
  'run',
  'setRestart',
  'sleep',
  'wake',
  'stop',
  'removeApp',
]);
const ROUTER_EFFECTS: ReadonlySet<keyof Router> = new Set<keyof Router>([
  'setPool',
  'setRoute',
  'setHosts',
  'setMaintenancePage',
  'removeApp',
]);

/** A worker that was stopped for longer than its lease finds `isOver` before it can change what is another's by then. */
export function contextUnder(context: Context, isOver: () => boolean): EffectContext {
  const check = () => {
    if (isOver()) throw new TealError('lease_lost');
  };
  return {
    ...context,
    engine: fenced(context.engine, ENGINE_EFFECTS, check),
    router: fenced(context.router, ROUTER_EFFECTS, check),
  };
}

function fenced<P extends object>(port: P, effects: ReadonlySet<PropertyKey>, check: () => void): P {
  return new Proxy(port, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key);
      if (typeof value !== 'function') return value;
      if (!effects.has(key)) return (...parameters: unknown[]) => Reflect.apply(value, target, parameters);
      return async (...parameters: unknown[]) => {
        check();
        return Reflect.apply(value, target, parameters);
      };
    },
  });
}
