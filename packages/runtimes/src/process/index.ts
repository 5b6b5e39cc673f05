/** The process engine's public face. */
export { createProcessEngine } from './engine.ts';
export type { ProcessEngineOptions } from './options.ts';
