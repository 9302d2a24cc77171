import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { Check, Finding } from './findings.js'

const OLDEST: readonly [number, number] = [20, 19]
/** Each connection takes one, each region two, each queue directory a few. */
const FEW_FILES = 1024

/** The version of Node.js, and what SQLite there is. */
export const checkNode: Check = () => {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
  const isOld = major < OLDEST[0] || (major === OLDEST[0] && minor < OLDEST[1])
  const found = `${process.version}, ${process.platform} ${process.arch}`
  const node: Finding = isOld
    ? { check: 'node', status: 'fail', found, todo: `update to ${OLDEST.join('.')} or newer` }
    : { check: 'node', status: 'ok', found }
  return [node, sqlite()]
}

function sqlite(): Finding {
  const check = 'sqlite'
  if (process.getBuiltinModule?.('node:sqlite') !== undefined) {
    return { check, status: 'ok', found: 'node:sqlite of this Node.js' }
  }
  try {
    createRequire(import.meta.url).resolve('@photostructure/sqlite')
    return { check, status: 'ok', found: '@photostructure/sqlite' }
  } catch {
    return {
      check,
      status: 'warn',
      found: 'none: @ipc/mq-sqlite cannot open queue directories',
      todo: 'npm install @photostructure/sqlite@1, or use Node.js 22.13 or newer',
    }
  }
}

/** Limits of this process. Linux only. */
export const checkLimits: Check = () => {
  let limits: string
  try {
    limits = readFileSync('/proc/self/limits', 'utf8')
  } catch {
    return []
  }
  const soft = (name: string): number => {
    const text = new RegExp(`^${name} +(\\S+)`, 'm').exec(limits)?.[1] ?? 'unlimited'
    return text === 'unlimited' ? Number.POSITIVE_INFINITY : Number(text)
  }
  const findings = [openFiles(soft('Max open files'))]
  if (soft('Max file size') !== Number.POSITIVE_INFINITY) {
    findings.push({
      check: 'file size',
      status: 'warn',
      found: `no file may have more than ${soft('Max file size')} bytes`,
      todo: 'ulimit -f unlimited: regions and queues are files',
    })
  }
  if (soft('Max file locks') !== Number.POSITIVE_INFINITY) {
    findings.push({
      check: 'file locks',
      status: 'warn',
      found: `at most ${soft('Max file locks')}`,
      todo: 'ulimit -x unlimited: each thread that uses a region holds one',
    })
  }
  return findings
}

function openFiles(most: number): Finding {
  const check = 'open files'
  const found = `at most ${most}`
  if (most >= FEW_FILES) return { check, status: 'ok', found }
  return {
    check,
    status: 'warn',
    found,
    todo: `ulimit -n ${4 * FEW_FILES}: connections and regions need some each`,
  }
}
