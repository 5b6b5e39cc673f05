/** Decodes BuildKit's progress messages (the wire format of its StatusResponse, as far as a log needs it). */
import protobuf from 'protobufjs/light.js';

const root = protobuf.Root.fromJSON({
  nested: {
    Vertex: {
      fields: {
        digest: { id: 1, type: 'string' },
        name: { id: 3, type: 'string' },
        cached: { id: 4, type: 'bool' },
        started: { id: 5, type: 'bytes' },
        completed: { id: 6, type: 'bytes' },
        error: { id: 7, type: 'string' },
      },
    },
    VertexLog: {
      fields: {
        vertex: { id: 1, type: 'string' },
        stream: { id: 3, type: 'int32' },
        msg: { id: 4, type: 'bytes' },
      },
    },
    StatusResponse: {
      fields: {
        vertexes: { rule: 'repeated', id: 1, type: 'Vertex' },
        logs: { rule: 'repeated', id: 3, type: 'VertexLog' },
      },
    },
  },
});
const statusResponse = root.lookupType('StatusResponse');

export interface Vertex {
  digest: string;
  name: string;
  cached: boolean;
  started: boolean;
  completed: boolean;
  error: string;
}

export interface VertexLog {
  vertex: string;
  /** 1 = stdout, 2 = stderr. */
  stream: number;
  msg: Buffer;
}

export interface Trace {
  vertexes: Vertex[];
  logs: VertexLog[];
}

interface Raw {
  vertexes?: {
    digest?: string;
    name?: string;
    cached?: boolean;
    started?: unknown;
    completed?: unknown;
    error?: string;
  }[];
  logs?: { vertex?: string; stream?: number; msg?: Uint8Array }[];
}

/** Decodes one message; throws on bytes that are none. */
export function decodeTrace(bytes: Uint8Array): Trace {
  const raw = statusResponse.toObject(statusResponse.decode(bytes)) as Raw;
  return {
    vertexes: (raw.vertexes ?? []).map((vertex) => ({
      digest: vertex.digest ?? '',
      name: vertex.name ?? '',
      cached: vertex.cached ?? false,
      started: vertex.started !== undefined,
      completed: vertex.completed !== undefined,
      error: vertex.error ?? '',
    })),
    logs: (raw.logs ?? []).map((log) => ({
      vertex: log.vertex ?? '',
      stream: log.stream ?? 1,
      msg: Buffer.from(log.msg ?? []),
    })),
  };
}
