/** The data plane: routes requests to pools. */
export {
  createEmbeddedRouter,
  type EmbeddedRouter,
  type EmbeddedRouterOptions,
  type RouterLog,
} from './embedded/router.ts';
export { DEFAULT_LIMITS, type Limits } from './limits.ts';
