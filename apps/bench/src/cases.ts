import type { BenchCase } from './bench-case.js'
import { MQ_CASES } from './mq/cases.js'
import { MQ_DURABLE_CASES } from './mq-durable/cases.js'
import { NET_CASES } from './net/cases.js'
import { SHM_CASES } from './shm/cases.js'

/** Everything that can be measured, by area. */
export const CASES: readonly BenchCase[] = [...SHM_CASES, ...MQ_CASES, ...MQ_DURABLE_CASES, ...NET_CASES]
