/** Writes a plan as steps for a host without containers. Runs nothing. */
import type { RecipePlan } from './plan.ts';

export interface HostStep {
  phase: 'install' | 'build';
  argv: readonly string[];
  /** Below the app's folder; '.' is the folder itself. */
  cwd: string;
  /** The line that people see, and that a failure names. */
  label: string;
}

export interface HostPlan {
  /** Commands that must be on PATH, for instance `node` and `npm`. */
  tools: readonly string[];
  exclude: readonly string[];
  steps: readonly HostStep[];
  /** `PORT` must be set. */
  run: readonly string[];
  /** For the build and for the run; the app's own variables win. */
  environment: Readonly<Record<string, string>>;
  /** Folders below the app's that come first in PATH. */
  pathEntries: readonly string[];
}

const TOOLS = { node: ['node', 'npm'], python: ['python3'], static: ['sirv'] };

/** The same commands as in the Dockerfile, each for `sh -e`, in the app's folder. */
export function toHostSteps(plan: RecipePlan): HostPlan {
  return {
    tools: TOOLS[plan.recipe],
    exclude: plan.exclude,
    steps: plan.steps.map((step) => ({
      phase: step.phase,
      argv: ['sh', '-e', '-c', step.command],
      cwd: '.',
      label: step.command,
    })),
    run: ['sh', '-c', plan.run],
    environment: plan.environment,
    pathEntries: plan.pathEntries,
  };
}
