import type { MakeOperation } from '@ipc/faults/crash'
import { connecting } from './connection-scenarios.js'
import { locking } from './lock-scenarios.js'
import { placing } from './region-scenarios.js'
import { holding } from './ring-hold-scenarios.js'
import { reading } from './ring-read-scenarios.js'
import { writing } from './ring-write-scenarios.js'
import { setting } from './value-scenarios.js'

/** What victims do. */
export const operations = {
  ...placing,
  ...writing,
  ...reading,
  ...holding,
  ...setting,
  ...locking,
  ...connecting,
} as Readonly<Record<string, MakeOperation>>
