/** The engines: each builds images and runs instances. */
export { createDockerEngine, type DockerEngineOptions, dockerRuntimes } from './docker/engine.ts';
export { type DockerProbe, probeDocker } from './docker/probe.ts';
export { createProcessEngine, type ProcessEngineOptions } from './process/index.ts';
