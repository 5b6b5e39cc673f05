/** The control socket: reads what Teal asks, has it done, answers. Decides nothing about routing. */
import { createServer, type Server, type Socket } from 'node:net';
import { isTealError } from '@teal/core';
import { checkCertificate, checkDigest, checkHost, checkId, checkPool, checkRoute } from '../check.ts';
import { type Ask, type CallName, type Calls, lineReader, type Reply } from '../protocol.ts';
import type { TableDump } from '../table.ts';
import type { Supervisor } from './supervisor.ts';

type Handlers = {
  [C in CallName]: (args: Calls[C]['args'], call: CallContext) => Promise<Calls[C]['value']>;
};

interface CallContext {
  signal: AbortSignal;
  part(part: Extract<Reply, { part: unknown }>['part']): void;
}

export interface ControlOptions {
  supervisor: Supervisor;
  /** After `retire` or `shutdown` is done. */
  over(): void;
}

/** Not listening yet. */
export function createControl(options: ControlOptions): Server {
  const handlers = makeHandlers(options);
  let connections = 0;
  return createServer((socket) => {
    connections += 1;
    serve(socket, handlers);
    socket.once('close', () => {
      connections -= 1;
      // Whoever started it gave up before it served: nobody would miss it.
      if (connections === 0 && !options.supervisor.isServing) void options.supervisor.shutdown().then(options.over);
    });
  });
}

function serve(socket: Socket, handlers: Handlers): void {
  const running = new Map<number, AbortController>();
  const send = (reply: Reply) => {
    if (socket.writable) socket.write(`${JSON.stringify(reply)}\n`);
  };
  socket.on('error', () => {});
  socket.once('close', () => {
    for (const controller of running.values()) controller.abort();
  });
  const take = lineReader((line) => {
    const ask = JSON.parse(line) as Ask;
    if ('abort' in ask) {
      running.get(ask.abort)?.abort();
      return;
    }
    const { id, call, args } = ask;
    const controller = new AbortController();
    running.set(id, controller);
    const context: CallContext = { signal: controller.signal, part: (part) => send({ id, part }) };
    const handle = handlers[call] as (args: object, context: CallContext) => Promise<unknown>;
    // Within the promise, so that a value that is refused is an answer, not the end of the connection.
    Promise.resolve()
      .then(() => handle(args, context))
      .then((value) => send({ id, value }))
      .catch((error) => send({ id, error: describe(error) }))
      .finally(() => running.delete(id));
  });
  socket.on('data', (chunk) => {
    try {
      take(chunk);
    } catch {
      socket.destroy();
    }
  });
}

function describe(error: unknown): Extract<Reply, { error: unknown }>['error'] {
  const message = error instanceof Error ? error.message : String(error);
  if (isTealError(error)) return { code: error.code, facts: { ...error.facts }, message };
  return { code: null, facts: {}, message };
}

function makeHandlers({ supervisor, over }: ControlOptions): Handlers {
  const { apps, flights, losses, table, meter, accessLog } = supervisor;
  return {
    hello: async ({ proofDigest }) => supervisor.hello(checkDigest(proofDigest)),
    ping: async () => null,
    fill: async (dump) => done(supervisor.fill(checkDump(dump))),
    dump: async () => table.dump(),
    listen: async () => done(await supervisor.listen()),
    setPool: async ({ pool }) => done(await apps.setPool(checkPool(pool))),
    setRoute: async ({ appId, route }) => done(await apps.setRoute(checkId(appId), checkRoute(route))),
    setHosts: async ({ appId, hosts }) => done(await apps.setHosts(checkId(appId), hosts.map(checkHost))),
    setMaintenancePage: async ({ appId, html }) => {
      table.app(checkId(appId)).maintenanceHtml = html;
      return null;
    },
    removeApp: async ({ appId }) => done(await apps.removeApp(checkId(appId))),
    setCertificates: async ({ certificates }) =>
      done(await supervisor.setCertificates(certificates.map(checkCertificate))),
    observe: ({ appId }) => apps.observe(checkId(appId)),
    listApps: async () => [...table.apps.keys()],
    inFlight: ({ instanceIds }) => flights.count(instanceIds.map(checkId)),
    drained: ({ instanceIds, ...options }, { signal }) =>
      flights.drained(instanceIds.map(checkId), { ...options, signal }),
    async accessLog({ appId, tailLines, follow }, { signal, part }) {
      for await (const entry of accessLog.read(checkId(appId), { tailLines, follow, signal })) part([entry]);
      return null;
    },
    watchTraffic: (_, { signal, part }) =>
      new Promise((resolve) => {
        meter.watch((minutes) => part([...minutes]), signal);
        signal.addEventListener('abort', () => resolve(null));
      }),
    losses: () => losses.count(),
    retire: async () => done(void supervisor.retire().then(over)),
    shutdown: async () => {
      await supervisor.shutdown();
      setImmediate(over);
      return null;
    },
  };
}

function done(_: unknown): null {
  return null;
}

function checkDump({ apps, certificates }: TableDump): TableDump {
  return {
    apps: apps.map(({ appId, route, hosts, maintenanceHtml, pools }) => ({
      appId: checkId(appId),
      route: checkRoute(route),
      hosts: hosts.map(checkHost),
      maintenanceHtml,
      pools: {
        blue: pools.blue === null ? null : checkPool(pools.blue),
        green: pools.green === null ? null : checkPool(pools.green),
      },
    })),
    certificates: certificates.map(checkCertificate),
  };
}
