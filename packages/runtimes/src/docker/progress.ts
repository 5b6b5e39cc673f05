/** Reads the daemon's build stream: JSON lines, among them BuildKit's traces. Decides nothing about success. */
import { StringDecoder } from 'node:string_decoder';
import { decodeTrace, type Trace } from './trace.ts';

export type ProgressEvent =
  | { type: 'trace'; trace: Trace }
  | { type: 'image'; id: string }
  | { type: 'error'; message: string }
  /** Plain output, and lines that are no JSON: shown rather than lost. */
  | { type: 'text'; text: string }
  /** The stream ended within a line: what it meant to say is unknown. */
  | { type: 'truncated' };

function readMessage(message: Record<string, unknown>): ProgressEvent | null {
  const detail = message.errorDetail as { message?: unknown } | undefined;
  if (detail !== undefined || message.error !== undefined) {
    return { type: 'error', message: String(detail?.message ?? message.error) };
  }
  if (message.id === 'moby.buildkit.trace' && typeof message.aux === 'string') {
    return { type: 'trace', trace: decodeTrace(Buffer.from(message.aux, 'base64')) };
  }
  const imageId = (message.aux as { ID?: unknown } | undefined)?.ID;
  if (typeof imageId === 'string') return { type: 'image', id: imageId };
  const text = message.stream ?? message.status;
  return typeof text === 'string' && text.trim() !== '' ? { type: 'text', text: text.trimEnd() } : null;
}

function readLine(line: string): ProgressEvent | null {
  if (line.trim() === '') return null;
  try {
    const message: unknown = JSON.parse(line);
    if (typeof message === 'object' && message !== null) return readMessage(message as Record<string, unknown>);
  } catch {
    // not JSON, or a trace that cannot be decoded: the line itself is the best that can be shown
  }
  return { type: 'text', text: line.trimEnd() };
}

function isWhole(line: string): boolean {
  try {
    JSON.parse(line);
    return true;
  } catch {
    return false;
  }
}

/** Yields every event in order; rejects only when the stream itself fails. */
export async function* readProgress(stream: AsyncIterable<Buffer>): AsyncGenerator<ProgressEvent> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of stream) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      const event = readLine(line);
      if (event !== null) yield event;
    }
  }
  rest += decoder.end();
  if (rest.trim() === '') return;
  const event = isWhole(rest) ? readLine(rest) : { type: 'truncated' as const };
  if (event !== null) yield event;
}
