import type { StandardSchemaV1 } from '@standard-schema/spec'

/**
 * The message as the schema gives it back.
 *
 * @throws TypeError when it does not match.
 */
export function validate<In>(schema: StandardSchemaV1<unknown, In>, message: unknown): In {
  const result = schema['~standard'].validate(message)
  if (result instanceof Promise) {
    result.catch(() => {})
    throw new TypeError('the schema validates asynchronously, a connection needs one that does not')
  }
  if (result.issues === undefined) return result.value
  throw new TypeError(
    result.issues
      .map(({ path, message: text }) => {
        const keys = path?.map((part) => String(typeof part === 'object' ? part.key : part)) ?? []
        return keys.length === 0 ? text : `${keys.join('.')}: ${text}`
      })
      .join('; '),
  )
}
