/** Reads what stands before the pack of a push: the commands and the push options. Judges their form only. */
import { isUtf8 } from 'node:buffer';
import { type RefCommand, TealError } from '@teal/core';
import type { ByteReader } from '../source/bytes.ts';
import { readPacket } from './packet.ts';

export interface PushHead {
  commands: readonly RefCommand[];
  capabilities: ReadonlySet<string>;
  options: readonly string[];
  /** Everything that was read, byte for byte. */
  raw: Buffer;
}

/** Room for some 80,000 refs. */
const HEAD_MAX_BYTES = 8 * 1024 * 1024;
const OPTIONS_MAX = 100;
const COMMAND = /^([0-9a-f]{40}|[0-9a-f]{64}) ([0-9a-f]{40}|[0-9a-f]{64}) ([^\0]+)$/s;

/** Reads up to the pack. No commands at all: git's probe, an empty request. Throws `push_malformed`, `request_too_large`. */
export async function readPushHead(reader: ByteReader): Promise<PushHead> {
  const raw: Buffer[] = [];
  const budget = { bytes: 0 };
  const lines = await readSection(reader, raw, budget);
  const capabilities = new Set(lines[0]?.split('\0')[1]?.trim().split(' ') ?? []);
  const commands = lines.filter((line) => !line.startsWith('shallow ')).map(parseCommand);
  const options = capabilities.has('push-options') && commands.length > 0 ? await readSection(reader, raw, budget) : [];
  if (options.length > OPTIONS_MAX) throw malformed(`it has more than ${OPTIONS_MAX} push options`);
  if (commands.length === 0 && (lines.length > 0 || (await reader.some()) !== null)) throw malformed('it names no ref');
  return { commands, capabilities, options, raw: Buffer.concat(raw) };
}

async function readSection(reader: ByteReader, raw: Buffer[], budget: { bytes: number }): Promise<string[]> {
  const lines: string[] = [];
  for (;;) {
    const packet = await readPacket(reader);
    if (packet === null) throw malformed('it ends before its pack');
    raw.push(packet.raw);
    budget.bytes += packet.raw.length;
    if (budget.bytes > HEAD_MAX_BYTES) throw new TealError('request_too_large', { limit: '8 MiB of refs' });
    if (packet.payload === null) return lines;
    if (!isUtf8(packet.payload)) throw malformed('a ref or a push option is not UTF-8');
    lines.push(packet.payload.toString('utf8').replace(/\n$/, ''));
  }
}

function parseCommand(line: string): RefCommand {
  const match = COMMAND.exec(line.split('\0', 1)[0] ?? '');
  if (match === null) throw malformed('a line is no ref update');
  return { oldCommit: match[1] as string, newCommit: match[2] as string, ref: match[3] as string };
}

/** The commands that git hands to its hooks, a line each. Throws `push_malformed`. */
export function parseCommandLines(text: string): RefCommand[] {
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map(parseCommand);
}

function malformed(detail: string): TealError {
  return new TealError('push_malformed', { detail });
}
