import { childProcess, inProcess, type Provisioner, workerThread } from 'cutover/hosts'
import { beforeAll, describe, expect, it } from 'vitest'
import { type Deed, guestFile, RemoteHost } from '../fixtures/remoteHost.js'

const TRACEPARENT = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'
const module = guestFile('versatile')

const hostOf = (provisioner: Provisioner) => new RemoteHost(config => provisioner.provision<Deed, unknown>(config))

const HOSTS = {
  inProcess: hostOf(inProcess({ module })),
  workerThread: hostOf(workerThread({ module })),
  childProcess: hostOf(childProcess({ module })),
}

const traceparentOf = (host: RemoteHost, options?: { readonly traceparent?: string }) =>
  host.runtime.call({ do: 'traceparent' }, options)

describe('The traceparent of a call', () => {
  beforeAll(async () => {
    await Promise.all(Object.values(HOSTS).map(host => host.started()))
    return () => Promise.all(Object.values(HOSTS).map(host => host.runtime.stop()))
  })

  it.each(Object.entries(HOSTS))('reaches the module in %s, with that call and no other', async (_, host) => {
    const answers = [undefined, { traceparent: TRACEPARENT }, {}].map(options => traceparentOf(host, options))
    expect(await Promise.all(answers)).toEqual([null, TRACEPARENT, null])
  })

  it.each(Object.entries(HOSTS))('changes nothing about the request and the answer in %s', async (_, host) => {
    const value = { at: new Date(0), set: new Set([1]), bytes: new Uint8Array(3), big: 2n ** 70n, nothing: undefined }
    const answers = [{}, { traceparent: TRACEPARENT }].map(options =>
      host.runtime.call({ do: 'answer', value }, options),
    )
    const [plain, traced] = await Promise.all(answers)
    expect(traced).toEqual(plain)
    expect(traced).toEqual(value)
  })

  it('comes with the buffers that the request moves to a thread', async () => {
    const value = new ArrayBuffer(64)
    const options = { traceparent: TRACEPARENT, transfer: [value] }
    expect(await HOSTS.workerThread.runtime.call({ do: 'transferIn', value }, options)).toBe(64)
    expect(value.byteLength).toBe(0)
  })

  it('is not sent to a guest that does not ask for it, which gets the call as ever', async () => {
    const guest = childProcess({ command: process.execPath, args: [guestFile('echoGuest').pathname] })
    await using host = await hostOf(guest).started()
    expect(await host.runtime.call({ do: 'anything' }, { traceparent: TRACEPARENT })).toEqual({ do: 'anything' })
  })
})
