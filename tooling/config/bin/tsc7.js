#!/usr/bin/env node
// TypeScript 7 beside 5.9: both packages call their command `tsc`, so the second one gets a name of its own.
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { pathToFileURL } from 'node:url'

const manifest = createRequire(import.meta.url).resolve('typescript-7/package.json')
await import(pathToFileURL(join(dirname(manifest), 'bin/tsc')).href)
