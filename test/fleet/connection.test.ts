import { OLDEST_NATS_SERVER } from 'cutover/fleet'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { nats, validConnection } from '../../src/fleet/nats/index.js'
import { noNatsServer } from '../fixtures/installed.js'
import { NatsServer } from './natsServer.js'

const refusal = (message: RegExp) =>
  expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION', message: expect.stringMatching(message) })

describe('The option connection', () => {
  it.each([undefined, null, 'nats://127.0.0.1', {}, { publish() {} }])('is refused when it is %j', value => {
    expect(() => validConnection(value)).toThrow(refusal(/"connection" must be the connection that connect\(\)/))
  })
})

describe.skipIf(noNatsServer !== undefined)(`A nats-server ${noNatsServer ?? ''}`, () => {
  let server: NatsServer
  beforeAll(async () => {
    server = await NatsServer.start()
  })
  afterAll(() => server[Symbol.asyncDispose]())

  /** The open connection, as if its server had another version. */
  async function connectedTo(version: string) {
    const connection = await server.connect()
    return new Proxy(connection, {
      get: (target, key) => (key === 'info' ? { ...target.info, version } : Reflect.get(target, key)),
    })
  }

  it('gives a connection that is accepted until it is closed', async () => {
    const connection = await server.connect()
    expect(validConnection(connection)).toBe(connection)
    await connection.close()
    expect(() => validConnection(connection)).toThrow(refusal(/must be open; connect again/))
  })

  it.each(['2.9.9', '2.8.12', '1.99.99'])('of version %s is refused as too old', async version => {
    const connection = await connectedTo(version)
    const message = `must be a connection to nats-server ${OLDEST_NATS_SERVER} or later, got "${version}"`
    expect(() => validConnection(connection)).toThrow(refusal(new RegExp(message)))
  })

  it.each(['2.9.10', '2.9.11', '2.10.0', '2.15.0', '2.15.0-RC.1', '3.0.0', 'dev'])(
    'of version %s is accepted',
    async version => {
      const connection = await connectedTo(version)
      expect(validConnection(connection)).toBe(connection)
    },
  )

  it('keeps what it has stored when it is killed and launched again', async () => {
    const bucket = await new nats.Kvm(await server.connect()).create('kept')
    await bucket.put('version', '1.0.0')
    await server.kill()
    await server.launch()
    const again = await new nats.Kvm(await server.connect()).open('kept')
    expect((await again.get('version'))?.string()).toBe('1.0.0')
  })
})
