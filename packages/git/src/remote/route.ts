/** Which of git's three requests a request is, decided on its path alone, undecoded. Touches no file. */
export type GitService = 'upload-pack' | 'receive-pack';

export interface GitRoute {
  /** A name or an id; nothing in it can lead out of a folder or look like an option. */
  app: string;
  service: GitService;
  /** `advertise` is `GET info/refs`, `run` is the POST. */
  kind: 'advertise' | 'run';
}

const PATH = /^\/git\/([A-Za-z0-9_][A-Za-z0-9_-]{0,99})(?:\.git)?\/(info\/refs|git-upload-pack|git-receive-pack)$/;

/** Null for whatever git itself would not ask, the old protocol of plain files included. */
export function parseRoute(method: string, url: string): GitRoute | 'wrong-method' | null {
  const mark = url.indexOf('?');
  const match = PATH.exec(mark < 0 ? url : url.slice(0, mark));
  if (match === null) return null;
  const [, app = '', action] = match;
  if (action !== 'info/refs') {
    if (method !== 'POST') return 'wrong-method';
    return { app, service: action === 'git-upload-pack' ? 'upload-pack' : 'receive-pack', kind: 'run' };
  }
  if (method !== 'GET') return 'wrong-method';
  const services = new URLSearchParams(mark < 0 ? '' : url.slice(mark + 1)).getAll('service');
  const service = services.length === 1 ? services[0] : undefined;
  if (service !== 'git-upload-pack' && service !== 'git-receive-pack') return null;
  return { app, service: service === 'git-upload-pack' ? 'upload-pack' : 'receive-pack', kind: 'advertise' };
}

export interface Credentials {
  user: string;
  password: string;
}

/** What HTTP Basic carries; null when the header is missing or not of that kind. */
export function parseBasic(header: string | undefined): Credentials | null {
  const encoded = /^basic +([A-Za-z0-9+/_-]+={0,2}) *$/i.exec(header ?? '')?.[1];
  if (encoded === undefined) return null;
  const text = Buffer.from(encoded, 'base64').toString('utf8');
  const colon = text.indexOf(':');
  return colon < 0 ? null : { user: text.slice(0, colon), password: text.slice(colon + 1) };
}
