/** The tools that apps get from Teal: Node, npm, sirv and the CA bundle, in a place the apps' user can reach. */
import { execFile } from 'node:child_process';
import { constants, existsSync, realpathSync } from 'node:fs';
import { access, chmod, copyFile, cp, link, readdir, readFile, rename, rm, symlink } from 'node:fs/promises';
import { delimiter, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { engineTrouble, type Layout, type ProcessEngineOptions, SYSTEM_PATH } from './options.ts';
import { blockedFolder, makeFolder, removeAll } from './reach.ts';

const run = promisify(execFile);

export interface Tools {
  /** Folder that comes first in PATH. */
  bin: string;
  /** `24.21.0` */
  nodeVersion: string;
  /** Absolute path, or null. */
  caFile: string | null;
}

async function putLink(target: string, path: string): Promise<void> {
  const partial = `${path}.${process.pid}.partial`;
  await rm(partial, { force: true });
  await symlink(target, partial);
  await rename(partial, path);
}

/** A link or copy of its own: an update of Teal replaces node_modules under running apps. */
async function bringNode(layout: Layout, options: ProcessEngineOptions): Promise<string> {
  const binary = options.nodeBinary ?? process.execPath;
  const { stdout } = await run(binary, ['--version'], { env: { PATH: SYSTEM_PATH } });
  const version = stdout.trim().replace(/^v/, '');
  const place = join(layout.tools, `node-${version}`);
  if (!existsSync(place)) {
    const partial = `${place}.${process.pid}.partial`;
    await rm(partial, { force: true });
    await link(binary, partial).catch(() => copyFile(binary, partial, constants.COPYFILE_FICLONE));
    await rename(partial, place);
  }
  await putLink(place, join(layout.tools, 'bin/node'));
  return version;
}

function findIn(path: string, name: string): string | null {
  for (const folder of path.split(delimiter)) {
    const file = join(folder, name);
    if (folder.startsWith('/') && existsSync(file)) return realpathSync(file);
  }
  return null;
}

/** The npm that is on the search path; copied when the apps' user cannot reach it there. */
async function bringNpm(layout: Layout, options: ProcessEngineOptions): Promise<void> {
  const client = findIn(`${options.searchPath ?? ''}${delimiter}${SYSTEM_PATH}`, 'npm');
  if (client === null) return;
  let root = dirname(dirname(client));
  if ((await blockedFolder(dirname(client), options.runAs)) !== null) {
    const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
    root = await copyOnce(join(layout.tools, `npm-${version}`), (to) => cp(root, to, { recursive: true }));
  }
  for (const name of ['npm', 'npx']) await putLink(join(root, `bin/${name}-cli.js`), join(layout.tools, 'bin', name));
}

/** `place`, filled by `fill` when it is not there yet: whole or not at all. */
async function copyOnce(place: string, fill: (to: string) => Promise<void>): Promise<string> {
  if (existsSync(place)) return place;
  const partial = `${place}.${process.pid}.partial`;
  await removeAll(partial);
  await makeFolder(partial, 0o755);
  await fill(partial);
  // The umask may have taken from others what they need to use it.
  await run('chmod', ['-R', 'a+rX', '--', partial], { env: { PATH: SYSTEM_PATH } });
  await rename(partial, place);
  return place;
}

/** The folder of an installed package, as Node would find it from `from`. */
function packageFolder(name: string, from: string): string {
  for (let folder = from; ; folder = dirname(folder)) {
    const found = join(folder, 'node_modules', name);
    if (existsSync(join(found, 'package.json'))) return found;
    if (folder === dirname(folder)) throw engineTrouble(`the package ${name} is not installed; run "npm ci"`);
  }
}

/** Copies a package and what it needs to one flat `node_modules`; nested packages come along with theirs. */
async function copyPackage(name: string, from: string, to: string, done: Set<string>): Promise<void> {
  const folder = packageFolder(name, from);
  if (done.has(folder)) return;
  done.add(folder);
  const nested = [...done].some((other) => other !== folder && folder.startsWith(`${other}/`));
  if (!nested) await cp(folder, join(to, 'node_modules', name), { recursive: true });
  const { dependencies = {} } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  for (const other of Object.keys(dependencies)) await copyPackage(other, folder, to, done);
}

async function bringSirv(layout: Layout): Promise<void> {
  const folder = packageFolder('sirv-cli', import.meta.dirname);
  const { version } = JSON.parse(await readFile(join(folder, 'package.json'), 'utf8'));
  const place = await copyOnce(join(layout.tools, `sirv-${version}`), (to) =>
    copyPackage('sirv-cli', import.meta.dirname, to, new Set()),
  );
  await putLink(join(place, 'node_modules/sirv-cli/bin.js'), join(layout.tools, 'bin/sirv'));
}

async function bringCertificates(layout: Layout, caFile: string | null): Promise<string | null> {
  if (caFile === null) return null;
  const place = join(layout.tools, 'ca.pem');
  const partial = `${place}.${process.pid}.partial`;
  await copyFile(caFile, partial).catch((cause) => {
    throw engineTrouble(`the CA bundle ${caFile} cannot be read`, cause);
  });
  await chmod(partial, 0o644);
  await rename(partial, place);
  return place;
}

/** Brings all of them; quick when they are there. */
export async function prepareTools(layout: Layout, options: ProcessEngineOptions): Promise<Tools> {
  const bin = join(layout.tools, 'bin');
  await makeFolder(layout.tools, 0o755);
  await makeFolder(bin, 0o755);
  for (const name of await readdir(layout.tools)) {
    if (name.endsWith('.partial')) await removeAll(join(layout.tools, name));
  }
  const nodeVersion = await bringNode(layout, options);
  await Promise.all([bringNpm(layout, options), bringSirv(layout)]);
  return { bin, nodeVersion, caFile: await bringCertificates(layout, options.caFile ?? null) };
}

/** Whether an app would find the command `name`. */
export async function hasTool(tools: Tools, name: string): Promise<boolean> {
  for (const folder of [tools.bin, ...SYSTEM_PATH.split(delimiter)]) {
    const found = await access(join(folder, name), constants.X_OK).then(
      () => true,
      () => false,
    );
    if (found) return true;
  }
  return false;
}
