/** Recipe for Python: requirements.txt or pyproject.toml → a virtual environment. Reads only what it is given. */
import { compose, namedRunCommand, refuse } from './compose.ts';
import type { RecipeChoice, RecipeSource, RecipeStep } from './plan.ts';
import { shellQuote } from './shell.ts';

const VENV: RecipeStep = { phase: 'install', command: 'python3 -m venv .venv', cache: null };
const PIP = '.venv/bin/pip install --disable-pip-version-check --quiet';
const LIST_DEPENDENCIES =
  'import tomllib; print("\\n".join(tomllib.load(open("pyproject.toml", "rb"))["project"].get("dependencies", [])))';
/** Lines of a requirements file that name something in the source itself. */
const LOCAL_REQUIREMENT = /^\s*(-e\b|--editable\b|\.{1,2}(\/|\s|$|\[)|file:|\/)|@\s*file:/m;
const MODULE = /^[A-Za-z_][\w.]*(:[A-Za-z_][\w.]*(\(.*\))?)?$/;

function fromRequirements(source: RecipeSource, text: string) {
  const related = source.paths.filter((path) =>
    /^(requirements|constraints)[\w.-]*\.(txt|in)$|^requirements\/[\w.-]+$/.test(path),
  );
  return {
    dependencyFiles: LOCAL_REQUIREMENT.test(text) ? null : related,
    steps: [VENV, { phase: 'install' as const, command: `${PIP} -r requirements.txt`, cache: 'pip' as const }],
    found: 'requirements.txt',
  };
}

function fromProject(text: string) {
  const list = `.venv/bin/python -c ${shellQuote(LIST_DEPENDENCIES)} > .venv/requirements.txt`;
  const steps: RecipeStep[] = [
    VENV,
    { phase: 'install', command: `${list} && ${PIP} -r .venv/requirements.txt`, cache: 'pip' },
  ];
  if (/^\s*\[build-system\]/m.test(text)) {
    steps.push({ phase: 'build', command: `${PIP} --no-deps .`, cache: 'pip' });
  }
  return { dependencyFiles: ['pyproject.toml'], steps, found: 'pyproject.toml' };
}

function runCommand(source: RecipeSource, dependencies: string): { run: string } | { problem: string } {
  const named = namedRunCommand(source);
  if (named !== null) return { run: named };
  const module = source.environment.CC_PYTHON_MODULE?.trim() ?? '';
  if (module === '') {
    return {
      problem:
        'Teal does not know how to start this Python app. Add a Procfile with a "web:" line, or set CC_PYTHON_MODULE (with gunicorn among the dependencies), or set CC_RUN_COMMAND.',
    };
  }
  if (!MODULE.test(module))
    return { problem: `CC_PYTHON_MODULE is ${JSON.stringify(module)}: it must read "module:app".` };
  if (!/^\s*["']?gunicorn\b/m.test(dependencies) && !/["']gunicorn\b/.test(dependencies)) {
    return {
      problem: 'CC_PYTHON_MODULE is served by gunicorn: add gunicorn to the dependencies, or set CC_RUN_COMMAND.',
    };
  }
  return { run: `gunicorn --bind "0.0.0.0:$PORT" ${shellQuote(module)}` };
}

export function pythonRecipe(source: RecipeSource): RecipeChoice {
  const requirements = source.files['requirements.txt'];
  const project = source.files['pyproject.toml'] ?? '';
  if (requirements === undefined && !/^\s*\[project\]/m.test(project)) {
    return refuse('pyproject.toml has no [project] table with dependencies. Add one, or a requirements.txt.');
  }
  const { found, ...parts } =
    requirements === undefined ? fromProject(project) : fromRequirements(source, requirements);
  const command = runCommand(source, `${requirements ?? ''}\n${project}`);
  if ('problem' in command) return refuse(command.problem);
  return compose(source, {
    recipe: 'python',
    version: 1,
    base: 'teal/python:3',
    summary: `Python app (${found}), started with: ${command.run}`,
    exclude: ['.venv'],
    ...parts,
    run: command.run,
    environment: { PYTHONUNBUFFERED: '1' },
    pathEntries: ['.venv/bin'],
  });
}

export function looksLikePython(source: RecipeSource): boolean {
  return source.files['requirements.txt'] !== undefined || source.files['pyproject.toml'] !== undefined;
}
