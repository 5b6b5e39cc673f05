/** What a test of engines is given. */
import type { Engine } from '@teal/deployer';

export interface EngineFixture {
  engine: Engine;
  /** Another engine object on the same platform and folders, as after a restart of Teal. The caller closes it. */
  reopen(): Promise<Engine>;
  /** An engine of another platform on the same host. The caller closes it. */
  foreign(): Promise<Engine>;
  /** Removes whatever is left. */
  cleanup(): Promise<void>;
}
