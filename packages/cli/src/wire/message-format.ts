import { bytes, type Codec, json, msgpack } from '@ipc/core'
import { UsageError } from '../exit-codes.js'

/** Codecs by the names that the command line has for them. */
const CODECS: Readonly<Record<string, () => Codec<unknown>>> = {
  bytes: () => bytes() as Codec<never> as Codec<unknown>,
  json: () => json(),
  msgpack: () => msgpack(),
}

/** Names of the codecs. */
export const CODEC_NAMES: readonly string[] = Object.keys(CODECS)

/** The codec of that name. */
export function codecOf(name: string): Codec<unknown> {
  const make = CODECS[name]
  if (make === undefined) throw new UsageError(`no codec ${name}, known are ${CODEC_NAMES.join(', ')}`)
  return make()
}

/** Reads payloads of a codec. What another one has written is left as the bytes it is. */
export function decoderOf(name: string): (payload: Uint8Array) => unknown {
  const codec = codecOf(name)
  return (payload) => {
    try {
      return codec.decode(payload, 0, payload.length)
    } catch {
      return payload
    }
  }
}
