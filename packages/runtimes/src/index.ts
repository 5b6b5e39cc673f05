/** The engines: each builds images and runs instances. */
export { createDockerEngine, type DockerEngineOptions } from './docker/engine.ts';
