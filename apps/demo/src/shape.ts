/**
 * What the messages of a run look like. P1 finds it out from the input; P2 is told, so that both take the same codec,
 * write the same canonical bytes and aggregate by the same column.
 */
export type Shape = FlightsShape | ObjectsShape | BytesShape

/** Records `{ delay, distance, time }` of whole minutes, miles and hours: they have a fixed size. */
export interface FlightsShape {
  readonly kind: 'flights'
}

/** Objects of any columns. */
export interface ObjectsShape {
  readonly kind: 'objects'
  /** Records are counted by the values of this column; all together without it. */
  readonly key: string | undefined
  /** `hour`: the key is the whole hour of a time of day. */
  readonly keyIs: 'value' | 'hour'
  /** The numeric column of which the mean is taken, if there is one. */
  readonly value: string | undefined
}

/** Chunks of bytes that mean nothing here. */
export interface BytesShape {
  readonly kind: 'bytes'
}

/** How the aggregate is described to a person. */
export function describeAggregate(shape: Shape): { key: string; value: string | undefined; noun: string } {
  switch (shape.kind) {
    case 'flights':
      return { key: 'hour of departure', value: 'mean delay', noun: 'flights' }
    case 'bytes':
      return { key: 'chunks', value: 'mean bytes', noun: 'chunks' }
    case 'objects': {
      const key = shape.key ?? 'records'
      return {
        key: shape.keyIs === 'hour' ? `hour of ${key}` : key,
        value: shape.value === undefined ? undefined : `mean ${shape.value}`,
        noun: 'records',
      }
    }
  }
}

/** Choose what to aggregate from the columns of a record: by carrier, else origin, else hour, else the first text. */
export function objectsShape(sample: Readonly<Record<string, unknown>>): ObjectsShape {
  const columns = Object.keys(sample)
  const numeric = (column: string): boolean => typeof sample[column] === 'number'
  const named = ['carrier', 'origin', 'time'].find((column) => columns.includes(column))
  const key = named ?? columns.find((column) => typeof sample[column] === 'string')
  const keyIs = key === 'time' && numeric(key) ? 'hour' : 'value'
  const others = columns.filter((column) => column !== key && numeric(column))
  const value = others.includes('delay') ? 'delay' : others[0]
  return { kind: 'objects', key, keyIs, value }
}
