/** The data plane: routes requests to pools. */
export {
  createEmbeddedRouter,
  type EmbeddedRouter,
  type EmbeddedRouterOptions,
  type RouterLog,
} from './embedded/router.ts';
export { endSupervisor } from './haproxy/endSupervisor.ts';
export { createHaproxyRouter, type HaproxyRouter, type HaproxyRouterOptions } from './haproxy/router.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
