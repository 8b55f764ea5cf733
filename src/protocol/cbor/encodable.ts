import { ValueWriter } from './valueWriter.js'

/** Returns whether `value` can be sent to a process. @param hasTags - whether the process reads CBOR tags */
export function isEncodable(value: unknown, hasTags = true): boolean {
  try {
    new ValueWriter(0, hasTags).value(value)
    return true
  } catch {
    return false
  }
}
