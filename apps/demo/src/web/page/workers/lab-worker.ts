import type { Connection } from '@ipc/core'
import { mq, type PortTarget } from '@ipc/mq'
import { attachRegion } from '@ipc/shm'
import { race } from '../../processes/racer.js'
import { readRing } from '../../processes/ring-reader.js'
import { writeRing } from '../../processes/ring-writer.js'
import { readValues } from '../../processes/value-reader.js'
import { writeValues } from '../../processes/value-writer.js'
import type { Part } from './part.js'
import { answerStreams, sendStreams } from './stream.js'

// One program for all workers of the page: the first message says what it plays. The parts are those of the processes.

void start()

async function start(): Promise<void> {
  const listener = await mq().listen(globalThis as unknown as PortTarget)
  const page = await listener.accept()
  await listener.close()
  await play((await page.receive()) as Part, page)
}

async function play(part: Part, page: Connection): Promise<void> {
  switch (part.role) {
    case 'ring-writer':
      return writeRing(attachRegion(part.buffer), page, 0)
    case 'ring-reader':
      return readRing(attachRegion(part.buffer), page)
    case 'racer':
      return race(attachRegion(part.buffer), page, part.number)
    case 'value-writer':
      return writeValues(attachRegion(part.buffer), page)
    case 'value-reader':
      return readValues(attachRegion(part.buffer), page)
    case 'stream-sender':
      return sendStreams(part, page)
    case 'stream-receiver':
      return answerStreams(part, page)
  }
}
