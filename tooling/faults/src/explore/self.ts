import { accessOf, TIMED_OUT } from './access.js'
import type { Realm } from './realm.js'
import type { ModelFutex, ModelLocks, Self } from './scenario.js'

/** What a thread can do besides accesses of memory; all of it goes through the seam as these do. */
export function selfOf(realm: Realm, names: readonly string[]): Self {
  const { seam } = realm
  return {
    note(value) {
      seam.port.access({ ...accessOf('note', -1), note: value })
    },
    isAlive(name) {
      const thread = names.indexOf(name)
      if (thread < 0) throw new TypeError(`no thread is called ${name}`)
      return seam.port.access(accessOf('isAlive', thread)) === 1
    },
    futex(words): ModelFutex {
      const first = words.byteOffset >> 2
      return {
        block(word, value, timeoutMs = Number.POSITIVE_INFINITY) {
          const result = seam.port.access(accessOf('block', first + word, value))
          if (result === TIMED_OUT) realm.passTime(timeoutMs)
        },
        unblock(word) {
          seam.port.access(accessOf('unblock', first + word))
        },
      }
    },
    locks(words): ModelLocks {
      const first = words.byteOffset >> 2
      return {
        take: (lock) => seam.port.access(accessOf('take', first + lock)) === 1,
        release(lock) {
          seam.port.access(accessOf('release', first + lock))
        },
        isTaken: (lock) => seam.port.access(accessOf('isTaken', first + lock)) === 1,
      }
    },
  }
}
