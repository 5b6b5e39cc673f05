/** What working on an app stands on besides the ports: the tasks of this process share these. */
import type { Context } from './context.ts';
import type { ExitHub } from './exitHub.ts';
import type { LeaseKeeper } from './leaseKeeper.ts';
import type { OneOffs } from './oneOffs.ts';
import type { Places } from './places.ts';
import type { Retirement } from './retireReleases.ts';
import type { Hooks } from './runHooks.ts';

export interface WorkDeps {
  context: Context;
  keeper: LeaseKeeper;
  exits: ExitHub;
  retirement: Retirement;
  oneOffs: OneOffs;
  places: Places;
  hooks: Hooks;
}
