import { routerConformance } from '../../../test/conformance/router.ts';
import { createEmbeddedRouter } from '../src/index.ts';

routerConformance('embedded', async () => {
  const proofSecret = 'proof-of-this-start';
  const router = createEmbeddedRouter({ host: '127.0.0.1', port: 0, proofSecret });
  await router.listen();
  return { router, proofSecret };
});
