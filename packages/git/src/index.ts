/** The git remote of Teal and the reader of pushed commits. */
export {
  applyGitEnvironment,
  type GitEnvironmentOptions,
  gitEnvironment,
  readerEnvironment,
} from './environment.ts';
export { createSourceReader, type GitSourceReader, type SourceReaderOptions } from './source/reader.ts';
