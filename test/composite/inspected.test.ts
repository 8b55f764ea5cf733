import { Composite } from 'cutover/composite'
import { inProcess } from 'cutover/hosts'
import { startInspector } from 'cutover/inspect'
import { expect, it } from 'vitest'
import { TestClient } from '../fixtures/inspect/testClient.js'

it('An inspector shows each component by its name, and the status and the metrics of each', async () => {
  await using inspector = await startInspector()
  const { inspect } = inspector
  await using composite = new Composite({ id: 'oracle', inspect })
  const hosts = inProcess({ module: { call: (request: unknown) => request } })
  for (const component of ['ronl', 'rofl.prices'])
    composite.addVersion(component, '1.0.0', hosts.provision({ id: 'oracle', version: '1.0.0' }))
  composite.start()
  await composite.setVersion('ronl', '1.0.0')
  inspector.watch(composite)
  const client = await TestClient.connect(inspector.url)
  for (const name of ['oracle/ronl', 'oracle/rofl.prices']) {
    const actor = await client.until(its => its.type === '@xstate.actor' && its.name === `aggregate ${name}`)
    const status = await client.until(its => its.type === '@cutover.status' && its.status.id === name)
    const metrics = await client.until(its => its.type === '@cutover.metrics' && its.metrics.id === name)
    expect([status.sessionId, metrics.sessionId]).toEqual([actor.sessionId, actor.sessionId])
  }
  client.socket.close()
  await client.closed
})

it('A watched object that only looks like a composite is refused', async () => {
  await using inspector = await startInspector()
  const fake = { components: () => ['ronl'], component: () => ({}) }
  expect(() => inspector.watch(fake as never)).toThrow(expect.objectContaining({ code: 'CUTOVER_INVALID_OPTION' }))
})
