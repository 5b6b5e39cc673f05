/** The routers that the short form runs on; null is the one that the platform chooses. */
import type { ProofOptions } from './options.ts';

export const ROUTERS: readonly ProofOptions['router'][] = [null];
