/** Port: how full the machine is. Adapter: apps/server. */
import type { Room } from '@teal/core';

export interface RoomGauge {
  /** Every place that pushes and builds fill; one that cannot be measured is left out. Never rejects. */
  measure(): Promise<readonly Room[]>;
}
