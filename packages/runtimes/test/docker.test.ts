/** The Docker engine passes the suite of the port. */
import { engineConformance } from '../../../test/conformance/engine.ts';
import { makeDockerFixture } from './docker-fixture.ts';

engineConformance('docker', makeDockerFixture, { firstBuildMs: 300_000 });
