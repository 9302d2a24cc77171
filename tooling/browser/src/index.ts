/**
 * A real browser for tests: bundles TypeScript from its sources, serves it, and runs it in headless Chromium.
 *
 * @packageDocumentation
 */
export { INSTALL_TIMEOUT_MS } from '@ipc/debian'
export type { BundleInput } from './bundle.js'
export { findChromium } from './find-chromium.js'
export { openPage, type Page, type PageOptions } from './open-page.js'
export { type VisitedPage, type VisitOptions, visitPage } from './visit-page.js'
