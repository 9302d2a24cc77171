/**
 * Debian packages for tests: what a test needs it installs itself, where it may.
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
