import { expect, it } from 'vitest'
import { Hosting } from '../fixtures/hosting.js'

it('An aggregate with 300 versions behaves as one with two', async () => {
  const hosting = new Hosting()
  const minors = Array.from({ length: 300 }, (_, minor) => `1.${minor}.0`)
  for (const version of minors.toReversed()) hosting.addWilling(version)
  const { aggregate } = hosting
  aggregate.start()
  expect(aggregate.versions()).toEqual(minors)
  expect(() => hosting.addWilling('1.7.0')).toThrow(expect.objectContaining({ code: 'CUTOVER_DUPLICATE_VERSION' }))

  expect(await aggregate.setVersion('1.299.0', '1.0.0')).toEqual({ active: '1.299.0', next: '1.0.0' })
  expect(await aggregate.setVersion('1.0.0', '1.150.0')).toEqual({ active: '1.0.0', next: '1.150.0' })
  aggregate.removeVersion('1.42.0')
  expect(() => aggregate.removeVersion('1.150.0')).toThrow(expect.objectContaining({ code: 'CUTOVER_VERSION_IN_USE' }))
  expect(aggregate.versions()).toEqual(minors.filter(version => version !== '1.299.0' && version !== '1.42.0'))
  const running = aggregate.status().versions.filter(({ state }) => state === 'running')
  expect(running.map(({ version }) => version)).toEqual(['1.0.0', '1.150.0'])

  await aggregate.dispose()
  expect(aggregate.versions()).toEqual([])
})
