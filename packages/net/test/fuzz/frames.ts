/** Of a greeting, with their sizes. */
export const FIELDS = [
  ['versionMin', 8],
  ['versionMax', 8],
  ['role', 8],
  ['mechanism', 8],
  ['flags', 16],
  ['featuresRequired', 32],
  ['maxFrameBytes', 32],
  ['maxMessageBytes', 32],
  ['credit', 32],
  ['silence', 16],
  ['codec', 16],
] as const

/** A frame, right or wrong. */
export function frame(type: number, flags: number, body: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUIntLE(body.length, 0, 3)
  head[3] = type
  head[4] = flags
  return Buffer.concat([head, body])
}
