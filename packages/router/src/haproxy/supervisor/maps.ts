/** Entries of HAProxy's maps: written so that repeating a write changes nothing. Knows no meaning of them. */
import type { Generation } from './generation.ts';
import { expectAnswer } from './servers.ts';

/** One command where the key is there already, which makes a flip one step. */
export async function setEntry(generation: Generation, map: string, key: string, value: string): Promise<void> {
  const command = `set map ${map} ${key} ${value}`;
  const answer = await generation.ask(command);
  if (answer === '') return;
  expectAnswer(command, answer, /^entry not found\.$/);
  const add = `add map ${map} ${key} ${value}`;
  expectAnswer(add, await generation.ask(add));
}

export async function dropEntry(generation: Generation, map: string, key: string): Promise<void> {
  const command = `del map ${map} ${key}`;
  expectAnswer(command, await generation.ask(command), /^(Key not found\.|entry not found\.|)$/);
}

/** Null where the map has no such key. */
export async function getEntry(generation: Generation, map: string, key: string): Promise<string | null> {
  const answer = await generation.ask(`get map ${map} ${key}`);
  if (/\bfound=no\b/.test(answer)) return null;
  return /\bvalue="([^"]*)"/.exec(answer)?.[1] ?? null;
}
