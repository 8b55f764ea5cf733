const FNV_OFFSET = 0x81_1c_9d_c5
const FNV_PRIME = 0x01_00_01_93

/** FNV-1a over the code units of a text, 16 bits in one step. @param from - continues this hash */
export function fnv1a(text: string, from: number = FNV_OFFSET): number {
  let hash = from
  for (let i = 0; i < text.length; i++) hash = Math.imul(hash ^ text.charCodeAt(i), FNV_PRIME)
  return hash
}

/**
 * The finaliser of MurmurHash3. FNV-1a alone hardly changes the high bits for texts that differ at their end, such as `user1` and
 * `user2`.
 *
 * @returns a whole number of 32 bits, 0 or more
 */
export function fmix32(hash: number): number {
  let bits = Math.imul(hash ^ (hash >>> 16), 0x85_eb_ca_6b)
  bits = Math.imul(bits ^ (bits >>> 13), 0xc2_b2_ae_35)
  return (bits ^ (bits >>> 16)) >>> 0
}
