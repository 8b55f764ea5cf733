/** Tools of the codec's tests: values as CBOR in hexadecimal digits, and the messages of errors. */
import { ValueReader } from '../../src/protocol/cbor/valueReader.js'
import { ValueWriter } from '../../src/protocol/cbor/valueWriter.js'

/** The UTF-8 of a text, in hexadecimal digits. */
export const hex = (text: string): string => Buffer.from(text).toString('hex')

/** The bytes of hexadecimal digits; spaces between them do not count. */
export const bytesFrom = (digits: string): Buffer => Buffer.from(digits.replaceAll(' ', ''), 'hex')

/** Writes a value as CBOR. */
export function write(value: unknown, hasTags = true): Buffer {
  const writer = new ValueWriter(undefined, hasTags)
  writer.value(value)
  return writer.take()
}

/** A reader of these bytes. */
export function readerOf(bytes: Uint8Array, hasTags = true): ValueReader {
  const reader = new ValueReader(undefined, hasTags)
  reader.open(Buffer.from(bytes), 0, bytes.length)
  return reader
}

/** A value in so many levels, each made by `wrap`: an array by default. */
export function nested(levels: number, wrap: (value: unknown, level: number) => unknown = value => [value]): unknown {
  let value: unknown = 1
  for (let level = 0; level < levels; level++) value = wrap(value, level)
  return value
}

/** The message of the error that `action` throws: `toThrow()` passes for anything thrown that is no error. */
export function refusal(action: () => unknown): string {
  try {
    action()
  } catch (error) {
    return (error as Error).message
  }
  return 'nothing was thrown'
}
