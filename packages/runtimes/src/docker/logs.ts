/** Reads a container's output as lines. */
import { StringDecoder } from 'node:string_decoder';

const HEADER_BYTES = 8;
const LINE_LIMIT = 64 * 1024;

/** Takes Docker's frames apart: 1 byte stream, 3 bytes nothing, 4 bytes length, payload. A cut-off frame is dropped. */
export async function* readFrames(chunks: AsyncIterable<Buffer>): AsyncGenerator<{ stream: number; payload: Buffer }> {
  let buffer: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    buffer = buffer.length === 0 ? chunk : Buffer.concat([buffer, chunk]);
    while (buffer.length >= HEADER_BYTES) {
      const end = HEADER_BYTES + buffer.readUInt32BE(4);
      if (buffer.length < end) break;
      yield { stream: buffer[0] ?? 1, payload: buffer.subarray(HEADER_BYTES, end) };
      buffer = buffer.subarray(end);
    }
  }
}

/** Lines of stdout and stderr in the order of their ends. */
export async function* readLines(chunks: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const rests = new Map<number, { decoder: StringDecoder; text: string }>();
  for await (const { stream, payload } of readFrames(chunks)) {
    const rest = rests.get(stream) ?? { decoder: new StringDecoder('utf8'), text: '' };
    rests.set(stream, rest);
    const lines = (rest.text + rest.decoder.write(payload)).split('\n');
    rest.text = lines.pop() ?? '';
    yield* lines;
    if (rest.text.length < LINE_LIMIT) continue;
    yield rest.text;
    rest.text = '';
  }
  for (const rest of rests.values()) if (rest.text !== '') yield rest.text;
}
