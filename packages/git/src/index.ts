/** The git remote of Teal and the reader of pushed commits. */
export {
  applyGitEnvironment,
  type GitEnvironmentOptions,
  gitEnvironment,
  readerEnvironment,
} from './environment.ts';
export type { GitAccess, GitPrincipal, GitRemoteHandlers, ReceivedPush } from './remote/handlers.ts';
export {
  createGitRemote,
  DEFAULT_MAX_PUSH_BYTES,
  type GitRemote,
  type GitRemoteOptions,
  hooksFolder,
  type SshDoor,
} from './remote/remote.ts';
export type { Credentials, GitService } from './remote/route.ts';
export { createSourceReader, type GitSourceReader, type SourceReaderOptions } from './source/reader.ts';
export { type PublicKey, readPublicKey } from './ssh/publickey.ts';
