/** Turns BuildKit's traces into log lines for people, and remembers which step failed. */
import { StringDecoder } from 'node:string_decoder';
import type { BuildLog } from '@teal/deployer';
import { STEP_COMMAND } from '@teal/recipes';
import type { Trace, Vertex } from './trace.ts';

export interface Step {
  label: string;
  /** A command of a recipe, in its own words. */
  command: boolean;
}

const COMMAND_START = `RUN ["${STEP_COMMAND}","`;

/** `[2/5] RUN --mount=… ["/…/teal-step","npm ci"]` → `npm ci`; null for what only BuildKit cares about. */
export function readStep(vertexName: string): Step | null {
  const match = /^\[(?:[^\]]*\s)?\d+\/\d+\]\s+(.*)$/s.exec(vertexName);
  if (match?.[1] === undefined) return null;
  const text = match[1].replace(/^RUN (?:--\S+ )+/, 'RUN ');
  if (!text.startsWith(COMMAND_START) || !text.endsWith('"]')) return { label: text, command: false };
  // no JSON: BuildKit escapes line breaks in it, but no quotes
  const label = text.slice(COMMAND_START.length, -2).replaceAll('\\n', '\n');
  return { label, command: true };
}

export interface StepLog {
  take(trace: Trace): void;
  /** Hands out lines that never got their end. */
  end(): void;
  /** The step that failed and BuildKit's word for it. */
  failure(): { label: string; message: string } | null;
}

const LINE_LIMIT = 64 * 1024;

/** `commandsOnly` leaves out the steps that a recipe adds around its commands. */
export function createStepLog(log: BuildLog, options: { commandsOnly: boolean }): StepLog {
  const announced = new Set<string>();
  const lines = new Map<string, { decoder: StringDecoder; rest: string }>();
  let failed: Vertex | null = null;

  function takeVertex(vertex: Vertex): void {
    if (vertex.error !== '' && failed === null && !/context canceled/.test(vertex.error)) failed = vertex;
    if (!vertex.started || announced.has(vertex.digest)) return;
    const step = readStep(vertex.name);
    if (step === null || (options.commandsOnly && !step.command)) return;
    announced.add(vertex.digest);
    log('teal', `${firstLine(step.label)}${vertex.cached ? ' (cached)' : ''}`);
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
      return failed === null ? null : { label: readStep(failed.name)?.label ?? failed.name, message: failed.error };
    },
  };
}

function firstLine(label: string): string {
  const [first = '', ...rest] = label.split('\n');
  return rest.length === 0 ? first : `${first} …`;
}
