import { describe, expect, it } from 'vitest'
import { deployed } from '../../src/fleet/decisions/orders.js'
import type { SeenNode } from '../../src/fleet/decisions/view.js'

const order = {
  version: '3.0.0',
  waves: [{ percent: 100, soak: null }],
  maxFailed: 0,
  previous: undefined,
  force: false,
}
const running = (...versions: (string | null)[]) =>
  versions.map(
    (version, i) => ({ name: `n${i}`, joined: i + 1, isAlive: true, entry: { version } }) as unknown as SeenNode,
  )

describe('The first deployment of a fleet', () => {
  it.each([
    ['the version that all nodes run', ['1.0.0', '1.0.0'], '1.0.0'],
    ['nothing if none runs a version', [null, null], null],
    ['nothing if some run none', ['1.0.0', null], null],
  ])('goes back to %s', (_, versions, previous) => {
    expect(deployed(null, order, running(...versions), 9)).toMatchObject({ version: '3.0.0', previous, epoch: 1 })
  })

  it('needs the version to go back to if nodes run different ones', () => {
    const nodes = running('1.0.0', '2.0.0', null)
    expect(() => deployed(null, order, nodes, 9)).toThrow(
      expect.objectContaining({
        code: 'CUTOVER_FLEET_STATE',
        message: expect.stringContaining('1.0.0 and 2.0.0. Name the one to go back to: previous'),
      }),
    )
    expect(deployed(null, { ...order, previous: '1.0.0' }, nodes, 9)).toMatchObject({ previous: '1.0.0' })
  })
})
