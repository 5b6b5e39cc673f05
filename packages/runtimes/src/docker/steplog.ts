/** Turns BuildKit's traces into log lines for people, and remembers which step failed. */
import { StringDecoder } from 'node:string_decoder';
import type { BuildLog } from '@teal/deployer';
import type { Trace, Vertex } from './trace.ts';

/** A step in its own words: `[2/5] RUN --mount=… ["step","npm ci"]` → `npm ci`; null for what only BuildKit cares about. */
export function stepLabel(vertexName: string): string | null {
  const match = /^\[(?:[^\]]*\s)?\d+\/\d+\]\s+(.*)$/s.exec(vertexName);
  if (match?.[1] === undefined) return null;
  const text = match[1].replace(/^RUN (?:--\S+ )+/, 'RUN ');
  const json = /^RUN (\[.*\])$/s.exec(text)?.[1];
  if (json === undefined) return text;
  try {
    const words = JSON.parse(json) as string[];
    return words.length === 2 && words[0]?.endsWith('/teal-step') ? (words[1] ?? text) : text;
  } catch {
    return text;
  }
}

export interface StepLog {
  take(trace: Trace): void;
  /** Hands out lines that never got their end. */
  end(): void;
  /** The step that failed and BuildKit's word for it. */
  failure(): { label: string; message: string } | null;
}

const LINE_LIMIT = 64 * 1024;

export function createStepLog(log: BuildLog): StepLog {
  const vertexes = new Map<string, { announced: boolean }>();
  const lines = new Map<string, { decoder: StringDecoder; rest: string }>();
  let failed: Vertex | null = null;

  function takeVertex(vertex: Vertex): void {
    const known = vertexes.get(vertex.digest) ?? { announced: false };
    vertexes.set(vertex.digest, known);
    if (vertex.error !== '' && failed === null && !/context canceled/.test(vertex.error)) failed = vertex;
    const label = stepLabel(vertex.name);
    if (label === null || known.announced || !vertex.started || /^(FROM|WORKDIR) /.test(label)) return;
    if (vertex.cached) {
      known.announced = true;
      log('teal', `${firstLine(label)} (cached)`);
    } else if (!vertex.completed || !/^(COPY|ADD) /.test(label)) {
      known.announced = true;
      log('teal', firstLine(label));
    }
  }

  return {
    take(trace) {
      trace.vertexes.forEach(takeVertex);
      for (const { vertex, stream, msg } of trace.logs) {
        const key = `${vertex} ${stream}`;
        const line = lines.get(key) ?? { decoder: new StringDecoder('utf8'), rest: '' };
        lines.set(key, line);
        const parts = (line.rest + line.decoder.write(msg)).split('\n');
        line.rest = parts.pop() ?? '';
        if (line.rest.length > LINE_LIMIT) parts.push(line.rest.slice(0, LINE_LIMIT));
        if (line.rest.length > LINE_LIMIT) line.rest = '';
        for (const part of parts) log('build', part);
      }
    },
    end() {
      for (const line of lines.values()) {
        if (line.rest !== '') log('build', line.rest);
        line.rest = '';
      }
    },
    failure() {
      return failed === null ? null : { label: stepLabel(failed.name) ?? failed.name, message: failed.error };
    },
  };
}

function firstLine(label: string): string {
  const [first = '', ...rest] = label.split('\n');
  return rest.length === 0 ? first : `${first} …`;
}
