/** The shape of a recipe's plan: data that says how to build and run a tree, for any engine. Knows no engine. */

/** Bases are named `teal/<name>:<version>`; an engine without images reads the name as the tools that must be there. */
export type BaseName = `teal/${'node' | 'python' | 'static'}:${string}`;

export interface RecipeStep {
  phase: 'install' | 'build';
  /** For `sh -c`, in the app's folder, with the app's variables. Also the line that people see. */
  command: string;
  /** The package manager whose downloads are worth keeping between builds. */
  cache: 'npm' | 'pip' | null;
}

export interface RecipePlan {
  recipe: 'node' | 'python' | 'static';
  /** Raised when the recipe makes another image of the same source: old images are then not used again. */
  version: number;
  base: BaseName;
  /** One line for the log. */
  summary: string;
  /** Top-level folders of the source that are left out because the build makes them. */
  exclude: readonly string[];
  /**
   * Files that decide the dependencies; copied before the rest, so that a change of source alone installs nothing.
   * Null: the install steps need the whole source.
   */
  dependencyFiles: readonly string[] | null;
  steps: readonly RecipeStep[];
  /** For `sh -c`, in the app's folder; replaces the shell where it can. */
  run: string;
  /** The Procfile's `release:` line. */
  releaseCommand: string | null;
  /** Set while building and running; the app's own variables win. */
  environment: Readonly<Record<string, string>>;
  /** Folders below the app's that come first in PATH. */
  pathEntries: readonly string[];
}

export type RecipeChoice =
  | { ok: true; plan: RecipePlan }
  | { ok: false; code: 'source_unknown' | 'recipe_invalid'; reason: string };

/** What a recipe sees of a tree. */
export interface RecipeSource {
  /** Paths of all files, `/` between parts. */
  paths: readonly string[];
  /** Text of those of {@link RECIPE_FILES} that the tree has. */
  files: Readonly<Record<string, string | undefined>>;
  /** The app's variables. */
  environment: Readonly<Record<string, string>>;
}

/** Small files, at the root, that choosing a recipe reads. */
export const RECIPE_FILES: readonly string[] = Object.freeze([
  'package.json',
  'requirements.txt',
  'pyproject.toml',
  'Procfile',
  '.npmrc',
]);
