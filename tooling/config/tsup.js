import { defineConfig } from 'tsup'

/**
 * Build of a published library: ESM with declarations and source maps; dependencies stay imports.
 *
 * @param {import('tsup').Options} options - `entry` at least; anything else overrides the preset.
 * @returns {ReturnType<typeof defineConfig>}
 */
export function library(options) {
  return defineConfig({ ...preset, dts: true, ...options })
}

/**
 * Build of a private program: ESM with source maps, no declarations.
 *
 * @param {import('tsup').Options} options - `entry` at least; anything else overrides the preset.
 * @returns {ReturnType<typeof defineConfig>}
 */
export function program(options) {
  return defineConfig({ ...preset, ...options })
}

/** @type {import('tsup').Options} */
const preset = {
  format: 'esm',
  platform: 'node',
  target: 'node20',
  sourcemap: true,
  clean: true,
  silent: true,
}
