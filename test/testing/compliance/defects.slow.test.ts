import { runtimeCompliance } from 'cutover/testing'
import { describe, expect, it } from 'vitest'
import { DEFECTS } from '../../fixtures/compliance/defects.js'
import { crashable, faulty } from '../../fixtures/compliance/overrides.js'
import { concurrently } from '../../fixtures/concurrently.js'
import { rejectionOf } from '../../fixtures/hosting.js'

const casesWith = (provision: typeof crashable) =>
  runtimeCompliance({ provision, hostRequests: true, roles: true, timeout: 2_000 })

describe('Each case of the compliance suite finds its defects', () => {
  it('Every case has defects', () => {
    const names = casesWith(crashable).map(({ name }) => name)
    expect(Object.keys(DEFECTS).sort()).toEqual(names.sort())
  })

  const defects = Object.entries(DEFECTS).flatMap(([name, defects]) =>
    Object.entries(defects).map(([defect, [message, override]]) => ({ name, defect, message, override })),
  )
  const jobs = defects.map(({ name, override }) => async () => {
    const tested = casesWith(faulty(override)).find(candidate => candidate.name === name)
    return rejectionOf(tested?.run() ?? Promise.resolve())
  })
  const errors = concurrently(20, jobs)

  it.each(defects.map((defect, i) => ({ ...defect, error: errors[i] })))(
    '$name: fails if $defect',
    async ({ message, error }) => {
      expect(await error).toMatchObject({ message: expect.stringMatching(message) })
    },
  )
})
