import type { Runtime } from 'cutover'
import { type ChildProcessOptions, childProcess } from 'cutover/hosts'
import { EncodedCbor } from 'cutover/protocol'
import { beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { MessageReader } from '../../../src/protocol/transports/messageReader.js'
import { MessageWriter } from '../../../src/protocol/transports/messageWriter.js'
import { rejectionOf } from '../../fixtures/hosting.js'
import { executedBatch, policyUpdate } from '../../fixtures/oasisMessages.js'
import { guestFile } from '../../fixtures/remoteHost.js'

const UPDATE = 'RuntimeKeyManagerStatusUpdateRequest'
const b = (byte: number, length = 32) => new Uint8Array(length).fill(byte)
const status = {
  id: b(1),
  rsk: b(2),
  nodes: [b(3)],
  policy: {
    policy: {
      id: b(1),
      serial: 8,
      enclaves: new Map([
        [
          { mr_signer: b(4), mr_enclave: b(5) },
          {
            may_query: new Map<Uint8Array, object[]>([
              [b(6), [{ mr_signer: b(4), mr_enclave: b(7) }]],
              [b(8), []],
            ]),
            may_replicate: [],
          },
        ],
      ]),
    },
    signatures: [{ signature: b(9, 64), public_key: b(10) }],
  },
  checksum: b(11),
  is_secure: true,
  is_initialized: true,
}
const entities = new Map([
  [
    b(8),
    {
      max_nodes: new Map([
        [1, 3],
        [4, 1],
      ]),
    },
  ],
  [b(9), {}],
])

function provisioned(options: ChildProcessOptions = {}): Runtime {
  const args = [guestFile('oasisBytes').pathname, executedBatch.toString('hex')]
  const host = { command: process.execPath, args, hostVariable: 'OASIS_WORKER_HOST', protocol: 'raw' } as const
  return childProcess({ ...host, ...options }).provision({ id: '80'.repeat(32), version: '0.2.0' })
}

const runtime = provisioned()
beforeAll(() => {
  runtime.start()
  return () => runtime.stop()
})

/** The bytes of the payload in a message with an id of one byte. */
function payloadIn(message: Uint8Array): Buffer {
  const start = 11 + 2 + UPDATE.length
  return Buffer.from(message.subarray(start, message.length - 14))
}

describe('Maps with keys that are bytes or maps', () => {
  it('A key manager gets a policy that is keyed by maps and by 32 bytes', async () => {
    const answer = (await runtime.call({ [UPDATE]: { status } })) as Record<string, Uint8Array>
    const message = answer['RuntimeKeyManagerStatusUpdateResponse'] ?? new Uint8Array()
    expect(payloadIn(message).toString('hex')).toBe(policyUpdate.toString('hex'))
    const read = new MessageReader(undefined, false).read(Buffer.from(message), 0, message.length)
    expect(read.payload).toStrictEqual({ status })
  })

  it('A batch whose entity whitelist is keyed by 32 bytes arrives, and the runtime stays up', async () => {
    const answer = (await runtime.call({ RuntimeQueryRequest: {} })) as Record<string, unknown>
    expect(answer).toMatchObject({ RuntimeExecuteTxBatchResponse: { batch: { header: { round: 42 } } } })
    const { batch } = answer['RuntimeExecuteTxBatchResponse'] as { batch: { messages: object[] } }
    expect(batch.messages).toStrictEqual([
      { registry: { update_runtime: { v: 3, id: b(7), admission_policy: { entity_whitelist: { entities } } } } },
    ])
  })

  it('A map with the same bytes as a key twice ends the connection, as any repeated key', () => {
    const pair = Buffer.from([0x41, 1, 0xf6])
    const message = Buffer.concat([
      Buffer.from('a362696401', 'hex'),
      Buffer.from('64626f6479a16141a2', 'hex'),
      pair,
      pair,
      Buffer.from('6c6d6573736167655f7479706502', 'hex'),
    ])
    expect(() => new MessageReader().read(message, 0, message.length)).toThrow(/repeat map key/)
  })

  it('Keys within keys are bounded by the items of a message, because each level compares the bytes of its keys', () => {
    const levels = 900
    const head = Buffer.alloc(levels, 0xa2)
    const large = Buffer.concat([Buffer.from([0x5a, 0, 0x10, 0, 0]), Buffer.alloc(0x10_0000)])
    const ends = Buffer.alloc(3 * levels, Buffer.from([0xf6, 0xf5, 0xf6]))
    const message = Buffer.concat([
      Buffer.from('a36269640164626f6479a16141', 'hex'),
      head,
      large,
      ends,
      Buffer.from('6c6d6573736167655f7479706502', 'hex'),
    ])
    expect(() => new MessageReader().read(message, 0, message.length)).toThrow(/more than 1000000 items/)
  })
})

describe('CBOR that is encoded already', () => {
  it('A request may hold encoded CBOR, at its top and deeper', async () => {
    const encodedStatus = new EncodedCbor(policyUpdate.subarray(8))
    for (const payload of [new EncodedCbor(policyUpdate), { status: encodedStatus }]) {
      const answer = (await runtime.call({ [UPDATE]: payload })) as Record<string, Uint8Array>
      const message = answer['RuntimeKeyManagerStatusUpdateResponse'] ?? new Uint8Array()
      expect(payloadIn(message).equals(policyUpdate)).toBe(true)
    }
  })

  it.each([
    ['a part of an item', policyUpdate.subarray(0, -1)],
    ['two items', Buffer.from([1, 2])],
    ['nothing', new Uint8Array()],
    ['a tag, which Oasis Core refuses', Buffer.from([0xc1, 0])],
    ['a length without end', Buffer.from([0x9b, 255, 255, 255, 255, 255, 255, 255, 255])],
  ])('Encoded CBOR that is no single item rejects its call only: %s', async (_, bytes) => {
    const call = runtime.call({ [UPDATE]: new EncodedCbor(bytes) })
    expect(await rejectionOf(call)).toMatchObject({ code: 'CUTOVER_INVALID_REQUEST', version: '0.2.0' })
    expect(await runtime.call({ [UPDATE]: {} })).toBeDefined()
  })

  it('Answers arrive as the bytes that the runtime has sent, if encodedPayloads is set', async () => {
    const encoded = provisioned({ encodedPayloads: true })
    onTestFinished(() => encoded.stop())
    encoded.start()
    const answer = (await encoded.call({ RuntimeQueryRequest: {} })) as Record<string, EncodedCbor>
    const batch = answer['RuntimeExecuteTxBatchResponse']
    expect(batch).toBeInstanceOf(EncodedCbor)
    expect(Buffer.from(batch?.bytes ?? []).equals(executedBatch)).toBe(true)
    expect(await encoded.getInfo()).toMatchObject({ version: '0.2.0' })
  })

  it('encodedPayloads needs the raw protocol, and EncodedCbor needs bytes', () => {
    expect(() => childProcess({ command: 'x', encodedPayloads: true })).toThrow(/encodedPayloads.*raw/)
    expect(() => new EncodedCbor('a1' as never)).toThrow(/must be a Uint8Array/)
  })

  it('Errors, and messages in another key order, are read all the same', () => {
    const writer = new MessageWriter()
    writer.add(1, 2, 'Error', { message: 'no' })
    const error = writer.take()
    const reader = new MessageReader(undefined, false, true)
    expect(reader.read(error, 4, error.length).payload).toEqual({ message: 'no' })
    const unordered = Buffer.from('a36c6d6573736167655f74797065026269640164626f6479a161418201f5', 'hex')
    expect(reader.read(unordered, 0, unordered.length)).toEqual({
      id: 1,
      type: 2,
      kind: 'A',
      payload: new EncodedCbor(Uint8Array.of(0x82, 1, 0xf5)),
    })
  })
})

describe("With protocol: 'raw'", () => {
  it('A message may have 64 MiB, and no more', async () => {
    const call = (bytes: number) => runtime.call({ [UPDATE]: new Uint8Array(bytes) })
    expect(await call(20 * 1024 * 1024)).toBeDefined()
    expect(await rejectionOf(call(64 * 1024 * 1024))).toMatchObject({
      code: 'CUTOVER_INVALID_REQUEST',
      message: expect.stringMatching(/larger than maxFrameBytes, 67108864/),
    })
  })
})
