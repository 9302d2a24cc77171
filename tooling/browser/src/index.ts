/**
 * A real browser for tests: bundles TypeScript from its sources, serves it, and runs it in headless Chromium.
 *
 * @packageDocumentation
 */
export type { BundleInput } from './bundle.js'
export { findChromium } from './find-chromium.js'
export { INSTALL_TIMEOUT_MS } from './install-chromium.js'
export { openPage, type Page, type PageOptions } from './open-page.js'
