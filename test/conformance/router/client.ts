/** WebSocket clients of the cases. */
import { WebSocket } from 'ws';
import { HOST, type House, within } from './fixture.ts';

/** An open WebSocket; rejects with the status in its message when the handshake is refused. */
export async function openWebSocket(
  house: House,
  headers: Record<string, string> = {},
  secure = false,
): Promise<WebSocket> {
  const { host, port } = secure ? house.secureAddress : house.address;
  const webSocket = new WebSocket(`${secure ? 'wss' : 'ws'}://${host}:${port}/ws`, {
    headers: { host: HOST, ...headers },
    rejectUnauthorized: false,
  });
  house.onClose(() => webSocket.terminate());
  await within(
    5_000,
    new Promise((resolve, reject) => {
      webSocket.once('open', resolve);
      webSocket.once('error', reject);
    }),
  );
  return webSocket;
}

/** What comes back for `message`. */
export function echo(webSocket: WebSocket, message: string | Buffer): Promise<string> {
  const answer = new Promise<string>((resolve) =>
    webSocket.once('message', (data) => resolve(data.toString('latin1'))),
  );
  webSocket.send(message);
  return within(5_000, answer);
}
