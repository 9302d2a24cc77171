import type { ChildProcessByStdio } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

/** A program that answers lines with lines, in order. */
export type LineProgram = ChildProcessByStdio<Writable, Readable, Readable>

interface Waiting {
  readonly resolve: (line: string) => void
  readonly reject: (error: Error) => void
}

/** The lines that such a program writes. */
export class LineChannel {
  /** Resolves when the program has ended and everything it wrote was read. */
  readonly ended: Promise<void>
  readonly #program: LineProgram
  readonly #waiting: Waiting[] = []
  readonly #lines: string[] = []
  #text = ''
  #complaints = ''
  #over: Error | undefined

  constructor(program: LineProgram) {
    this.#program = program
    program.stdout.setEncoding('utf8').on('data', (text: string) => this.#take(text))
    program.stderr.setEncoding('utf8').on('data', (text: string) => {
      this.#complaints = (this.#complaints + text).slice(-4000)
    })
    // That it has ended is told by `close`.
    program.stdin.on('error', () => {})
    this.ended = new Promise((resolve) => {
      program.on('error', (error) => this.#end(error))
      program.on('close', (code, signal) => {
        this.#end(new Error(`${program.spawnfile} ended with ${code ?? signal}: ${this.#complaints}`))
        resolve()
      })
    })
  }

  write(line: string): void {
    this.#program.stdin.write(`${line}\n`)
  }

  /** The next line. Rejects when there will be none. */
  next(): Promise<string> {
    const line = this.#lines.shift()
    if (line !== undefined) return Promise.resolve(line)
    if (this.#over !== undefined) return Promise.reject(this.#over)
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
    })
  }

  #take(text: string): void {
    const lines = (this.#text + text).split('\n')
    this.#text = lines.pop() ?? ''
    for (const line of lines) {
      const first = this.#waiting.shift()
      if (first === undefined) this.#lines.push(line)
      else first.resolve(line)
    }
  }

  #end(error: Error): void {
    this.#over ??= error
    for (const { reject } of this.#waiting.splice(0)) reject(this.#over)
  }
}
