import type { MakeOperation } from '@ipc/faults/crash'
import { writing } from './ring-scenarios.js'

/** What victims do. */
export const operations = { ...writing } as Readonly<Record<string, unknown>> as Readonly<
  Record<string, MakeOperation>
>
