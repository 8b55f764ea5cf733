import { expect, it } from 'vitest'

it('Every machine is complete: it is made at import, and names no state and no target that is not there', async () => {
  const machines = await import('cutover/machines')
  expect(Object.keys(machines)).toEqual(
    expect.arrayContaining([
      'aggregateMachine',
      'connectionMachine',
      'fleetLinkMachine',
      'fleetMachine',
      'moduleRunMachine',
      'poolMachine',
      'rolloutMachine',
      'supervisorMachine',
      'versionMachine',
    ]),
  )
})
