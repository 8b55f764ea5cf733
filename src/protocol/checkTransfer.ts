import { types } from 'node:util'
import type { Transferable } from '../runtime.js'

/** @throws TypeError that names a buffer which is detached: Node.js would let an empty one arrive in its place */
export function checkTransfer(list: readonly Transferable[] | undefined): void {
  list?.forEach((item, index) => {
    if (types.isArrayBuffer(item) && isDetached(item)) {
      throw new TypeError(`transfer[${index}] is a buffer that is detached: it was moved to a thread before.`)
    }
  })
}

/** `ArrayBuffer.prototype.detached` came with Node.js 22. */
function isDetached(buffer: ArrayBuffer): boolean {
  if (buffer.byteLength > 0) return false
  try {
    return new Uint8Array(buffer).length !== 0
  } catch {
    return true
  }
}
