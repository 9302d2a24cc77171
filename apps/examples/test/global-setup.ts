import { rm } from 'node:fs/promises'
import type { TestProject } from 'vitest/node'
import { installPackages } from './documents/install-packages.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** A directory in which programs find the packages, built. */
    readonly home: string
  }
}

/** Build the packages once: nearly a hundred programs would translate the sources anew. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const home = await installPackages()
  project.provide('home', home)
  return () => rm(home, { recursive: true, force: true })
}
