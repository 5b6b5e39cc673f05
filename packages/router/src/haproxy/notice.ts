/** The file by which a supervisor is found: who it is, where it listens, which HAProxies are its. Starts and ends nothing. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ProcessMark } from './processMark.ts';

export interface Notice {
  supervisor: ProcessMark;
  controlSocket: string;
  /** HAProxies that accept, or did. */
  serving: ProcessMark[];
}

export function noticePath(stateDir: string): string {
  return join(stateDir, 'supervisor.json');
}

/** Null where there is none. */
export function readNotice(stateDir: string): Notice | null {
  try {
    return JSON.parse(readFileSync(noticePath(stateDir), 'utf8')) as Notice;
  } catch {
    return null;
  }
}
