import { types } from 'node:util'
import { describe } from '../../contract/index.js'

/**
 * One value as CBOR bytes that are encoded already. Processes get these bytes as they are, anywhere in a request, and read
 * them as the value.
 *
 * @throws TypeError if `bytes` is not a `Uint8Array`. Sending it rejects with `CUTOVER_INVALID_REQUEST` if it is not exactly
 * one well-formed CBOR item
 */
export class EncodedCbor {
  /** The bytes of one CBOR item. */
  readonly bytes: Uint8Array

  constructor(bytes: Uint8Array) {
    if (!types.isUint8Array(bytes)) throw new TypeError(`The CBOR must be a Uint8Array, got ${describe(bytes)}.`)
    this.bytes = bytes
  }
}
