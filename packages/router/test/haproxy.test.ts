import { routerConformance } from '../../../test/conformance/router.ts';
import { openHaproxy } from './haproxy.ts';

routerConformance('haproxy', ({ secure = false, ...limits } = {}) =>
  openHaproxy({ securePort: secure ? 0 : null, limits: { ...limits, trafficIntervalMs: 100 } }),
);
