/**
 * Debian packages for tests: what a test needs it installs itself, where it may. And the servers among them, at work.
 *
 * @packageDocumentation
 */
export { findOnPath, isProgram } from './find-on-path.js'
export {
  canInstall,
  INSTALL_TIMEOUT_MS,
  installPackages,
  installSettled,
  type Wanted,
} from './install-packages.js'
export { type NatsServer, natsObstacle, startNatsServer } from './nats-server.js'
