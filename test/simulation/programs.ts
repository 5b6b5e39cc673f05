/** What the apps of the simulation do, by commit: whether they build, when they answer, whether they end. */

export interface Program {
  build: 'ok' | 'fails';
  buildMs: number;
  /** `exits`: ends by itself before it answers. */
  gate: 'ok' | 'refuses' | 'exits';
  /** From its start until it answers. */
  readyMs: number;
  releaseCommand: 'none' | 'ok' | 'fails';
}

const GOOD: Program = { build: 'ok', buildMs: 200, gate: 'ok', readyMs: 20, releaseCommand: 'none' };

export function program(change: Partial<Program> = {}): Program {
  return { ...GOOD, ...change };
}

/** A secret in every app's variables; it must come up nowhere else. */
export const SECRET = 'hunter2-the-secret';
